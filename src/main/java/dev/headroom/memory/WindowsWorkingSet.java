package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;

/**
 * Working set of this process on Windows in bytes, polled. The {@link LifetimePeak} is read as well. Source:
 * {@code K32GetProcessMemoryInfo} in kernel32, psapi.h, since Windows 7.
 */
final class WindowsWorkingSet implements Meter {
    private static final Signal SIGNAL =
            new Signal("windows.workingset", Metric.RAM_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    /** The constant that {@code GetCurrentProcess()} returns: all 64 bits are set. */
    static final Pointer CURRENT_PROCESS = Pointer.createConstant(-1L);

    /** Size of {@code PROCESS_MEMORY_COUNTERS} on 64-bit Windows. */
    static final int SIZE = 72;

    private static final int PEAK_WORKING_SET_SIZE = 8;
    private static final int WORKING_SET_SIZE = 16;

    private final Function getProcessMemoryInfo;
    private final Memory counters = new Memory(SIZE);
    private final LifetimePeak lifetimePeak;

    private WindowsWorkingSet() {
        getProcessMemoryInfo = Function.getFunction("kernel32", "K32GetProcessMemoryInfo");
        lifetimePeak = new LifetimePeak(refresh() ? peak(counters) : Long.MAX_VALUE);
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isWindows()) {
            throw new MeterUnavailable("this is not Windows");
        }
        return new WindowsWorkingSet().requireValue("K32GetProcessMemoryInfo fails");
    }

    @Override
    public OptionalLong read() {
        return refresh() ? OptionalLong.of(lifetimePeak.since(now(counters), peak(counters))) : OptionalLong.empty();
    }

    /** Fills {@link #counters}. */
    private boolean refresh() {
        return getProcessMemoryInfo.invokeInt(new Object[] {CURRENT_PROCESS, counters, (int) counters.size()}) != 0;
    }

    static long now(Pointer counters) {
        return counters.getLong(WORKING_SET_SIZE);
    }

    static long peak(Pointer counters) {
        return counters.getLong(PEAK_WORKING_SET_SIZE);
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
