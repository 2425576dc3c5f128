package dev.headroom.memory;

import dev.headroom.environment.Cgroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The largest memory of this process's control group, kept by the kernel: {@code memory.peak} of version 2. Since Linux
 * 6.12 a write to the open file begins a new peak for that file alone, so nobody else who watches the group is
 * disturbed (kernel documentation, "Control Group v2").
 */
final class CgroupPeak implements PeakMeter {
    private static final Signal SIGNAL = new Signal("cgroup.peak", "ram.cgroup.peak", Scope.SYSTEM, Semantics.RESIDENT);

    /** Any text will do that is not empty. */
    private static final String RESET = "0";

    private final Path path;
    private final KernelFile file;

    private CgroupPeak(Path path, KernelFile file) {
        this.path = path;
        this.file = file;
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(Cgroup.ofMemory());
    }

    static List<Meter> open(Optional<Cgroup.Group> group) throws MeterUnavailable {
        if (group.isEmpty() || group.get().version() != 2) {
            throw new MeterUnavailable("no control group of version 2 counts the memory of this process");
        }
        Path path = group.get().folder().resolve("memory.peak");
        KernelFile file = KernelFile.openForCommands(path);
        CgroupPeak meter = new CgroupPeak(path, file);
        try {
            file.command(RESET);
        } catch (IOException e) {
            meter.close();
            throw new MeterUnavailable(path + " cannot be written: " + e.getMessage(), e);
        }
        if (meter.read().isEmpty()) {
            meter.close();
            throw new MeterUnavailable(path + " does not tell a number");
        }
        return List.of(meter);
    }

    @Override
    public void reset() {
        try {
            file.command(RESET);
        } catch (IOException e) {
            throw new UncheckedIOException(path + " could be written before and cannot be now", e);
        }
    }

    @Override
    public OptionalLong read() {
        return file.readNumber();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        file.close();
    }
}
