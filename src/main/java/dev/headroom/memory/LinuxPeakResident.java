package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;

/**
 * Peak resident memory of this process in bytes, kept by the kernel: {@code VmHWM} in {@code /proc/self/status}.
 * Writing 5 to {@code /proc/self/clear_refs} starts a new peak. Source: proc_pid_status(5) and proc_pid_clear_refs(5),
 * since Linux 4.0.
 */
final class LinuxPeakResident implements PeakMeter {
    private static final Signal SIGNAL = new Signal("linux.hwm", Metric.RAM_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    private static final Path CLEAR_REFS = Path.of("/proc/self/clear_refs");

    private final ProcField peak;
    private final Path clearRefs;

    private LinuxPeakResident(ProcField peak, Path clearRefs) {
        this.peak = peak;
        this.clearRefs = clearRefs;
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(ProcField.STATUS, CLEAR_REFS);
    }

    static List<Meter> open(Path status, Path clearRefs) throws MeterUnavailable {
        LinuxPeakResident meter = new LinuxPeakResident(ProcField.open(status, "VmHWM"), clearRefs);
        try {
            meter.clearPeak();
        } catch (IOException e) {
            meter.close();
            throw KernelFile.inaccessible(clearRefs, "written", e);
        }
        return List.of(meter);
    }

    /** Writes 5. The file is never created: it belongs to the kernel. */
    private void clearPeak() throws IOException {
        Files.writeString(clearRefs, "5", StandardOpenOption.WRITE);
    }

    @Override
    public void reset() {
        try {
            clearPeak();
        } catch (IOException e) {
            throw new UncheckedIOException(clearRefs + " can no longer be written", e);
        }
    }

    @Override
    public OptionalLong read() {
        return peak.read();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        peak.close();
    }
}
