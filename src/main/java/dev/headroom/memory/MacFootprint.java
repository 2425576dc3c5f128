package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;

/**
 * Physical footprint of this process on macOS in bytes, as Activity Monitor shows it, polled. It includes compressed
 * and swapped pages, and memory for the GPU. It excludes clean pages of files. The {@link LifetimePeak} is read as
 * well. Source: {@code proc_pid_rusage} of libproc with {@code RUSAGE_INFO_V4}, sys/resource.h.
 */
final class MacFootprint implements Meter {
    private static final Signal SIGNAL =
            new Signal("macos.footprint", Metric.RAM_FOOTPRINT_PEAK, Scope.PROCESS, Semantics.COMMITTED);

    private static final int RUSAGE_INFO_V4 = 4;

    /** Size of {@code struct rusage_info_v4}: a UUID of 16 bytes, then 35 numbers of 64 bits. */
    static final int SIZE = 16 + 35 * 8;

    /** {@code ri_phys_footprint} is number 8 of these, and {@code ri_lifetime_max_phys_footprint} number 29. */
    private static final int FOOTPRINT = 16 + 7 * 8;

    private static final int LIFETIME_MAX_FOOTPRINT = 16 + 28 * 8;

    private final int pid = (int) ProcessHandle.current().pid();
    private final Function rusage;
    private final Memory info = new Memory(SIZE);
    private final LifetimePeak lifetimePeak;

    private MacFootprint() {
        rusage = NativeLibrary.getInstance("proc").getFunction("proc_pid_rusage");
        lifetimePeak = new LifetimePeak(refresh() ? lifetimePeak(info) : Long.MAX_VALUE);
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isMac()) {
            throw new MeterUnavailable("this is not macOS");
        }
        return new MacFootprint().requireValue("proc_pid_rusage fails");
    }

    @Override
    public OptionalLong read() {
        return refresh() ? OptionalLong.of(lifetimePeak.since(now(info), lifetimePeak(info))) : OptionalLong.empty();
    }

    /** Fills {@link #info}. */
    private boolean refresh() {
        return rusage.invokeInt(new Object[] {pid, RUSAGE_INFO_V4, info}) == 0;
    }

    static long now(Pointer info) {
        return info.getLong(FOOTPRINT);
    }

    static long lifetimePeak(Pointer info) {
        return info.getLong(LIFETIME_MAX_FOOTPRINT);
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
