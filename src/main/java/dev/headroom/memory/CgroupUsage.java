package dev.headroom.memory;

import dev.headroom.environment.Cgroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of this process's control group, polled: {@code memory.current} of version 2, {@code memory.usage_in_bytes} of
 * version 1 (kernel documentation, "Control Group v2" and "Memory Resource Controller"). Beside it stands the largest
 * of the group's life, {@code memory.peak} since Linux 5.19 and {@code memory.max_usage_in_bytes}: see
 * {@link Watermark}. Version 1 would begin a new one when 0 is written, for everybody: whoever runs the container would
 * lose theirs, so it is only read.
 */
final class CgroupUsage implements Meter {
    private static final Signal SIGNAL =
            new Signal("cgroup.usage", "ram.cgroup.peak", Scope.SYSTEM, Semantics.RESIDENT);

    private final KernelFile usage;
    private final Optional<KernelFile> most;
    private final Watermark watermark;

    private CgroupUsage(KernelFile usage, Optional<KernelFile> most) {
        this.usage = usage;
        this.most = most;
        watermark = new Watermark(
                most.map(KernelFile::readNumber).orElse(OptionalLong.empty()).orElse(Long.MAX_VALUE));
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(Cgroup.ofMemory());
    }

    static List<Meter> open(Optional<Cgroup.Group> group) throws MeterUnavailable {
        if (group.isEmpty()) {
            throw new MeterUnavailable("no control group counts the memory of this process");
        }
        boolean v2 = group.get().version() == 2;
        Path now = group.get().folder().resolve(v2 ? "memory.current" : "memory.usage_in_bytes");
        Path most = group.get().folder().resolve(v2 ? "memory.peak" : "memory.max_usage_in_bytes");
        CgroupUsage meter = new CgroupUsage(
                KernelFile.open(now), Files.isReadable(most) ? Optional.of(KernelFile.open(most)) : Optional.empty());
        if (meter.read().isEmpty()) {
            meter.close();
            throw new MeterUnavailable(now + " does not tell a number");
        }
        return List.of(meter);
    }

    @Override
    public OptionalLong read() {
        OptionalLong now = usage.readNumber();
        OptionalLong ever = most.map(KernelFile::readNumber).orElse(OptionalLong.empty());
        return now.isPresent() && ever.isPresent()
                ? OptionalLong.of(watermark.since(now.getAsLong(), ever.getAsLong()))
                : now;
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        usage.close();
        most.ifPresent(KernelFile::close);
    }
}
