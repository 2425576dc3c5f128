package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.List;
import java.util.OptionalLong;

/**
 * What macOS holds against this process, as Activity Monitor shows it: its own pages, those that are compressed or
 * swapped out among them, and what it takes for the GPU; clean pages of files are not in it. Polled, and beside it the
 * largest of the process's life: see {@link Watermark}. {@code proc_pid_rusage} of libproc with {@code RUSAGE_INFO_V4}
 * (sys/resource.h).
 */
final class MacFootprint implements Meter {
    private static final Signal SIGNAL =
            new Signal("macos.footprint", "ram.footprint.peak", Scope.PROCESS, Semantics.COMMITTED);

    private static final int RUSAGE_INFO_V4 = 4;

    /** {@code struct rusage_info_v4}: a UUID of 16 bytes, then 35 numbers of 64 bits. */
    static final int SIZE = 16 + 35 * 8;

    /** {@code ri_phys_footprint} is the eighth of these numbers, {@code ri_lifetime_max_phys_footprint} the 29th. */
    private static final int FOOTPRINT = 16 + 7 * 8;

    private static final int LIFETIME_MAX_FOOTPRINT = 16 + 28 * 8;

    private final int pid = (int) ProcessHandle.current().pid();
    private final Function rusage;
    private final Memory info = new Memory(SIZE);
    private final Watermark watermark;

    private MacFootprint() {
        rusage = NativeLibrary.getInstance("proc").getFunction("proc_pid_rusage");
        watermark = new Watermark(ask() ? lifetimePeak(info) : Long.MAX_VALUE);
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isMac()) {
            throw new MeterUnavailable("this is not macOS");
        }
        MacFootprint meter = new MacFootprint();
        if (meter.read().isEmpty()) {
            throw new MeterUnavailable("proc_pid_rusage fails");
        }
        return List.of(meter);
    }

    @Override
    public OptionalLong read() {
        return ask() ? OptionalLong.of(watermark.since(now(info), lifetimePeak(info))) : OptionalLong.empty();
    }

    private boolean ask() {
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

    @Override
    public void close() {
        // Nothing is held but a block of memory, which goes with this object.
    }
}
