package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Proportional set size of this process in bytes: its resident memory, with each shared page divided by the number of
 * processes that share it. Not in {@link Meters}, because it must not be polled: the kernel visits all pages for each
 * reading, which takes milliseconds. Source: {@code Pss} in {@code /proc/self/smaps_rollup}, proc_pid_smaps(5), since
 * Linux 4.14.
 */
public final class LinuxPss implements Meter {
    private static final Signal SIGNAL = new Signal("linux.pss", Metric.RAM_PSS, Scope.PROCESS, Semantics.RESIDENT);

    private static final Path FILE = Path.of("/proc/self/smaps_rollup");

    private final ProcField rollup;

    private LinuxPss(ProcField rollup) {
        this.rollup = rollup;
    }

    /**
     * Opens the meter.
     *
     * @throws MeterUnavailable if the kernel does not report it
     */
    public static LinuxPss open() throws MeterUnavailable {
        return new LinuxPss(ProcField.open(FILE, "Pss"));
    }

    @Override
    public OptionalLong read() {
        return rollup.read();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        rollup.close();
    }
}
