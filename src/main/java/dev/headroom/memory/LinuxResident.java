package dev.headroom.memory;

import java.util.List;
import java.util.OptionalLong;

/**
 * A size of this process out of {@code /proc/self/status}, polled (proc_pid_status(5)): {@code VmRSS}, all that is
 * resident, for kernels and containers that do not let {@link LinuxHighWater} reset; {@code RssAnon}, what no file
 * backs, so that a model mapped from its file is not in it; {@code RssFile}, the pages of files, which such a model is;
 * {@code VmSwap}, what no file backs and was swapped out.
 */
final class LinuxResident implements Meter {
    /** What is read of the process. */
    enum Reading {
        RSS(new Signal("linux.rss", "ram.peak", Scope.PROCESS, Semantics.RESIDENT), "VmRSS"),
        ANON(new Signal("linux.anon", "ram.anon.peak", Scope.PROCESS, Semantics.RESIDENT), "RssAnon"),
        FILE(new Signal("linux.file", "ram.file.peak", Scope.PROCESS, Semantics.RESIDENT), "RssFile"),
        SWAP(new Signal("linux.swap", "ram.swap.peak", Scope.PROCESS, Semantics.COMMITTED), "VmSwap");

        private final Signal signal;
        private final String key;

        Reading(Signal signal, String key) {
            this.signal = signal;
            this.key = key;
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
    public Signal signal() {
        return reading.signal;
    }

    @Override
    public void close() {
        status.close();
    }
}
