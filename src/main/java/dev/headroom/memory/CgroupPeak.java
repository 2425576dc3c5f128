package dev.headroom.memory;

import dev.headroom.environment.Cgroup;
import dev.headroom.result.Metric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Peak memory of this process's control group in bytes: {@code memory.peak} of version 2. Since Linux 6.12 a write to
 * the open file starts a new peak. That peak belongs to this open file: other readers of the group are not affected.
 * Source: kernel documentation, "Control Group v2".
 */
final class CgroupPeak implements PeakMeter {
    private static final Signal SIGNAL =
            new Signal("cgroup.peak", Metric.RAM_CGROUP_PEAK, Scope.SYSTEM, Semantics.RESIDENT);

    /** Any text that is not empty starts a new peak. */
    private static final String RESET = "0";

    private final Path path;
    private final KernelFile file;

    private CgroupPeak(Path path, KernelFile file) {
        this.path = path;
        this.file = file;
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(Cgroup.ofMemory().orElse(null));
    }

    static List<Meter> open(Cgroup.@Nullable Group group) throws MeterUnavailable {
        if (group == null || group.version() != 2) {
            throw new MeterUnavailable("no control group of version 2 counts the memory of this process");
        }
        Path path = group.folder().resolve("memory.peak");
        KernelFile file = KernelFile.openForCommands(path);
        CgroupPeak meter = new CgroupPeak(path, file);
        try {
            file.command(RESET);
        } catch (IOException e) {
            meter.close();
            throw KernelFile.inaccessible(path, "written", e);
        }
        return meter.requireValue(path + " holds no number");
    }

    @Override
    public void reset() {
        try {
            file.command(RESET);
        } catch (IOException e) {
            throw new UncheckedIOException(path + " can no longer be written", e);
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
