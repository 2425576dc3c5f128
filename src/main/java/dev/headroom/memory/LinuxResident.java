package dev.headroom.memory;

import java.util.List;
import java.util.OptionalLong;

/**
 * A resident size of this process out of {@code /proc/self/status}, polled: {@code VmRSS}, all of it, for kernels and
 * containers that do not let {@link LinuxHighWater} reset; {@code RssAnon}, what no file backs, so that a model mapped
 * from its file is not in it.
 */
final class LinuxResident implements Meter {
    private final String name;
    private final String metric;
    private final LinuxStatus status;

    private LinuxResident(String name, String metric, LinuxStatus status) {
        this.name = name;
        this.metric = metric;
        this.status = status;
    }

    static List<Meter> open(String name, String metric, String key) throws MeterUnavailable {
        return List.of(new LinuxResident(name, metric, LinuxStatus.open(LinuxStatus.FILE, key)));
    }

    @Override
    public OptionalLong read() {
        return status.read();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String metric() {
        return metric;
    }

    @Override
    public Scope scope() {
        return Scope.PROCESS;
    }

    @Override
    public Semantics semantics() {
        return Semantics.RESIDENT;
    }

    @Override
    public void close() {
        status.close();
    }
}
