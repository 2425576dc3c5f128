package dev.headroom.environment;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel of 64-bit Windows reports to programs only.
 *
 * @param bootId the number of this start of Windows, counted since its installation; 0 if unknown
 * @param cores all physical cores; empty if unknown
 * @param group the group of processors that this process runs in
 * @param affinity the processors of the group that this process may use, as bits; 0: all processors of all groups
 */
record WindowsKernel(int bootId, List<Core> cores, int group, long affinity) {
    /** The field {@code BootId} of {@code KUSER_SHARED_DATA} (ntddk.h), since Windows 10; 0 in earlier versions. */
    private static final long BOOT_ID = 0x7FFE02C4L;

    /** {@code RelationProcessorCore} (winnt.h). */
    private static final int PROCESSOR_CORE = 0;

    /** Offsets in {@code SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX} with a {@code PROCESSOR_RELATIONSHIP} (winnt.h). */
    private static final int SIZE = 4;

    private static final int MASK = 32;
    private static final int GROUP = 40;
    private static final int LENGTH = 48;

    /** The constant that {@code GetCurrentProcess()} returns. */
    private static final Pointer CURRENT_PROCESS = Pointer.createConstant(-1L);

    /** The processors of one core: bits in a group. A core lies in one group. */
    record Core(int group, long mask) {}

    /** Asks the kernel. Only on Windows. Nothing is known if JNA cannot be loaded. */
    static WindowsKernel read() {
        try {
            return ask();
        } catch (LinkageError e) {
            return new WindowsKernel(0, List.of(), 0, 0);
        }
    }

    private static WindowsKernel ask() {
        int[] length = new int[1];
        succeeds("GetLogicalProcessorInformationEx", PROCESSOR_CORE, Pointer.NULL, length);
        byte[] records = new byte[length[0]];
        boolean known = succeeds("GetLogicalProcessorInformationEx", PROCESSOR_CORE, records, length);
        List<Core> cores = known ? cores(records) : List.of();
        short[] group = new short[1];
        long[] affinity = new long[1];
        // A process in several groups has no single mask. Wine lacks the function, and has one group.
        boolean oneGroup = succeeds("GetProcessGroupAffinity", CURRENT_PROCESS, new short[] {1}, group)
                || cores.stream().allMatch(core -> core.group == 0);
        boolean limited = oneGroup && succeeds("GetProcessAffinityMask", CURRENT_PROCESS, affinity, new long[1]);
        return new WindowsKernel(new Pointer(BOOT_ID).getInt(0), cores, group[0], limited ? affinity[0] : 0);
    }

    private static boolean succeeds(String function, Object... arguments) {
        return Function.getFunction("kernel32", function).invokeInt(arguments) != 0;
    }

    /** Parses records of {@code SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX}, one for each core. */
    static List<Core> cores(byte[] records) {
        ByteBuffer buffer = ByteBuffer.wrap(records).order(ByteOrder.LITTLE_ENDIAN);
        List<Core> cores = new ArrayList<>();
        for (int start = 0; start + LENGTH <= records.length; start += Math.max(LENGTH, buffer.getInt(start + SIZE))) {
            if (buffer.getInt(start) == PROCESSOR_CORE) {
                cores.add(new Core(buffer.getShort(start + GROUP), buffer.getLong(start + MASK)));
            }
        }
        return cores;
    }

    Optional<Integer> physicalCores() {
        return Optional.of(cores.size()).filter(count -> count > 0);
    }

    /** The number of physical cores of which this process may use a processor. */
    Optional<Integer> usablePhysicalCores() {
        return Optional.of((int) cores.stream()
                        .filter(core -> affinity == 0 || (core.group == group && (core.mask & affinity) != 0))
                        .count())
                .filter(count -> count > 0);
    }
}
