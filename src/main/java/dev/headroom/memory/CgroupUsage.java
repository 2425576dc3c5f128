package dev.headroom.memory;

import dev.headroom.environment.Cgroup;
import dev.headroom.result.Metric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory of this process's control group in bytes, polled: {@code memory.current} of version 2, or
 * {@code memory.usage_in_bytes} of version 1. The group's {@link LifetimePeak} is read as well: {@code memory.peak}
 * since Linux 5.19, or {@code memory.max_usage_in_bytes}. Source: kernel documentation, "Control Group v2" and "Memory
 * Resource Controller".
 *
 * <p>The peak of version 1 is never reset: that would also erase it for the container's owner.
 */
final class CgroupUsage implements Meter {
    private static final Signal SIGNAL =
            new Signal("cgroup.usage", Metric.RAM_CGROUP_PEAK, Scope.SYSTEM, Semantics.RESIDENT);

    private final KernelFile usage;
    private final @Nullable KernelFile peak;
    private final LifetimePeak lifetimePeak;

    private CgroupUsage(KernelFile usage, @Nullable KernelFile peak) {
        this.usage = usage;
        this.peak = peak;
        lifetimePeak = new LifetimePeak(readPeak().orElse(Long.MAX_VALUE));
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(Cgroup.ofMemory().orElse(null));
    }

    static List<Meter> open(Cgroup.@Nullable Group group) throws MeterUnavailable {
        if (group == null) {
            throw new MeterUnavailable("no control group counts the memory of this process");
        }
        boolean v2 = group.version() == 2;
        Path usage = group.folder().resolve(v2 ? "memory.current" : "memory.usage_in_bytes");
        Path peak = group.folder().resolve(v2 ? "memory.peak" : "memory.max_usage_in_bytes");
        return new CgroupUsage(KernelFile.open(usage), Files.isReadable(peak) ? KernelFile.open(peak) : null)
                .requireValue(usage + " holds no number");
    }

    @Override
    public OptionalLong read() {
        OptionalLong now = usage.readNumber();
        OptionalLong ever = readPeak();
        return now.isPresent() && ever.isPresent()
                ? OptionalLong.of(lifetimePeak.since(now.getAsLong(), ever.getAsLong()))
                : now;
    }

    private OptionalLong readPeak() {
        return peak == null ? OptionalLong.empty() : peak.readNumber();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        usage.close();
        if (peak != null) {
            peak.close();
        }
    }
}
