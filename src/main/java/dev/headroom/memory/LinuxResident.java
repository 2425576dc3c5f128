package dev.headroom.memory;

import java.util.List;
import java.util.OptionalLong;

/**
 * A size of this process out of {@code /proc/self/status}, polled (proc_pid_status(5)): {@code VmRSS}, all that is
 * resident, for kernels and containers that do not let {@link LinuxHighWater} reset; {@code RssAnon}, what no file backs,
 * so that a model mapped from its file is not in it; {@code RssFile}, the pages of files, which such a model is; {@code
 * VmSwap}, what no file backs and was swapped out.
 */
final class LinuxResident implements Meter {
    /** What is read of the process. */
    enum Reading {
        RSS("linux.rss", "ram.peak", "VmRSS", Semantics.RESIDENT),
        ANON("linux.anon", "ram.anon.peak", "RssAnon", Semantics.RESIDENT),
        FILE("linux.file", "ram.file.peak", "RssFile", Semantics.RESIDENT),
        SWAP("linux.swap", "ram.swap.peak", "VmSwap", Semantics.COMMITTED);

        private final String meter;
        private final String metric;
        private final String key;
        private final Semantics semantics;

        Reading(String meter, String metric, String key, Semantics semantics) {
            this.meter = meter;
            this.metric = metric;
            this.key = key;
            this.semantics = semantics;
        }
    }

    private final Reading reading;
    private final LinuxStatus status;

    private LinuxResident(Reading reading, LinuxStatus status) {
        this.reading = reading;
        this.status = status;
    }

    static List<Meter> open(Reading reading) throws MeterUnavailable {
        return List.of(new LinuxResident(reading, LinuxStatus.open(LinuxStatus.FILE, reading.key)));
    }

    @Override
    public OptionalLong read() {
        return status.read();
    }

    @Override
    public String name() {
        return reading.meter;
    }

    @Override
    public String metric() {
        return reading.metric;
    }

    @Override
    public Scope scope() {
        return Scope.PROCESS;
    }

    @Override
    public Semantics semantics() {
        return reading.semantics;
    }

    @Override
    public void close() {
        status.close();
    }
}
