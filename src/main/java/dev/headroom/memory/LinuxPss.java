package dev.headroom.memory;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The proportional set size of this process: what is resident, of shared pages only its share. {@code Pss} in
 * {@code /proc/self/smaps_rollup} (proc_pid_smaps(5), since Linux 4.14). The kernel walks all pages for it, which takes
 * milliseconds: to be read now and then, not polled, so it is not in {@link Meters}.
 */
public final class LinuxPss implements Meter {
    private static final Signal SIGNAL = new Signal("linux.pss", "ram.pss", Scope.PROCESS, Semantics.RESIDENT);

    private static final Path FILE = Path.of("/proc/self/smaps_rollup");

    private final LinuxStatus rollup;

    private LinuxPss(LinuxStatus rollup) {
        this.rollup = rollup;
    }

    public static LinuxPss open() throws MeterUnavailable {
        return new LinuxPss(LinuxStatus.open(FILE, "Pss"));
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
