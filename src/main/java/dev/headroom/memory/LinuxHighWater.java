package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;

/**
 * The largest resident set of this process, kept by the kernel: {@code VmHWM} in {@code /proc/self/status}, reset by
 * writing 5 to {@code /proc/self/clear_refs} (proc_pid_status(5), proc_pid_clear_refs(5), since Linux 4.0).
 */
final class LinuxHighWater implements PeakMeter {
    private static final Signal SIGNAL = new Signal("linux.hwm", "ram.peak", Scope.PROCESS, Semantics.RESIDENT);

    private static final Path CLEAR_REFS = Path.of("/proc/self/clear_refs");

    private final LinuxStatus status;
    private final Path clearRefs;

    private LinuxHighWater(LinuxStatus status, Path clearRefs) {
        this.status = status;
        this.clearRefs = clearRefs;
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(LinuxStatus.FILE, CLEAR_REFS);
    }

    static List<Meter> open(Path statusFile, Path clearRefs) throws MeterUnavailable {
        LinuxStatus status = LinuxStatus.open(statusFile, "VmHWM");
        LinuxHighWater meter = new LinuxHighWater(status, clearRefs);
        try {
            meter.write5();
        } catch (NoSuchFileException e) {
            status.close();
            throw new MeterUnavailable("there is no " + clearRefs + " in this kernel", e);
        } catch (IOException e) {
            status.close();
            throw new MeterUnavailable(clearRefs + " cannot be written: " + e.getMessage(), e);
        }
        return List.of(meter);
    }

    private void write5() throws IOException {
        // Without CREATE: the file is the kernel's.
        Files.writeString(clearRefs, "5", StandardOpenOption.WRITE);
    }

    @Override
    public void reset() {
        try {
            write5();
        } catch (IOException e) {
            throw new UncheckedIOException(clearRefs + " could be written before and cannot be now", e);
        }
    }

    @Override
    public OptionalLong read() {
        return status.read();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        status.close();
    }
}
