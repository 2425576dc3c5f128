package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;

/**
 * Resident memory of this process on macOS in bytes, polled. Source: {@code proc_pid_rusage} of libproc with
 * {@code RUSAGE_INFO_V0}, sys/resource.h.
 */
final class MacResident implements Meter {
    private static final Signal SIGNAL =
            new Signal("macos.resident", Metric.RAM_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    private static final int RUSAGE_INFO_V0 = 0;

    /** Size of {@code struct rusage_info_v0}: a UUID of 16 bytes, then ten numbers of 64 bits. */
    private static final int SIZE = 16 + 10 * 8;

    /** {@code ri_resident_size} is number 7 of these. */
    private static final int RESIDENT_SIZE = 16 + 6 * 8;

    private final Function rusage;
    private final Memory info = new Memory(SIZE);

    private MacResident() {
        rusage = NativeLibrary.getInstance("proc").getFunction("proc_pid_rusage");
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isMac()) {
            throw new MeterUnavailable("this is not macOS");
        }
        return new MacResident().requireValue("proc_pid_rusage fails");
    }

    @Override
    public OptionalLong read() {
        int pid = (int) ProcessHandle.current().pid();
        int failed = rusage.invokeInt(new Object[] {pid, RUSAGE_INFO_V0, info});
        return failed != 0 ? OptionalLong.empty() : OptionalLong.of(info.getLong(RESIDENT_SIZE));
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
