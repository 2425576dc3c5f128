package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.List;
import java.util.OptionalLong;

/**
 * The working set of this process, polled. Windows keeps its peak over the process's life only, which is not the peak of
 * an iteration. {@code K32GetProcessMemoryInfo} in kernel32 (psapi.h), since Windows 7.
 */
final class WindowsWorkingSet implements Meter {
    /** {@code GetCurrentProcess()} returns this constant. */
    private static final Pointer CURRENT_PROCESS = Pointer.createConstant(-1);

    /** {@code PROCESS_MEMORY_COUNTERS} on 64-bit Windows. */
    private static final int SIZE = 72;

    private static final int WORKING_SET_SIZE = 16;

    private final Function getProcessMemoryInfo;
    private final Memory counters = new Memory(SIZE);

    private WindowsWorkingSet() {
        getProcessMemoryInfo = Function.getFunction("kernel32", "K32GetProcessMemoryInfo");
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isWindows()) {
            throw new MeterUnavailable("this is not Windows");
        }
        WindowsWorkingSet meter = new WindowsWorkingSet();
        if (meter.read().isEmpty()) {
            throw new MeterUnavailable("K32GetProcessMemoryInfo fails");
        }
        return List.of(meter);
    }

    @Override
    public OptionalLong read() {
        int ok = getProcessMemoryInfo.invokeInt(new Object[] {CURRENT_PROCESS, counters, (int) counters.size()});
        return ok == 0 ? OptionalLong.empty() : OptionalLong.of(counters.getLong(WORKING_SET_SIZE));
    }

    @Override
    public String name() {
        return "windows.workingset";
    }

    @Override
    public String metric() {
        return "ram.peak";
    }

    @Override
    public Scope scope() {
        return Scope.PROCESS;
    }

    @Override
    public Semantics semantics() {
        return Semantics.RESIDENT;
    }

    @Override
    public void close() {
        // Nothing is held but a block of memory, which goes with this object.
    }
}
