package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;

/**
 * Memory of this process in bytes, polled. Source: {@code /proc/self/status}, proc_pid_status(5).
 *
 * <ul>
 *   <li>{@code VmRSS}: all resident memory, for kernels and containers where {@link LinuxPeakResident} cannot be reset
 *   <li>{@code RssAnon}: resident memory without a file behind it; a model mapped from its file is not included
 *   <li>{@code RssFile}: resident pages of files, such as a mapped model
 *   <li>{@code VmSwap}: memory without a file behind it that is swapped out
 * </ul>
 */
final class LinuxMemory implements Meter {
    /** The kinds of memory. */
    enum Reading {
        RSS(new Signal("linux.rss", Metric.RAM_PEAK, Scope.PROCESS, Semantics.RESIDENT), "VmRSS"),
        ANON(new Signal("linux.anon", Metric.RAM_ANON_PEAK, Scope.PROCESS, Semantics.RESIDENT), "RssAnon"),
        FILE(new Signal("linux.file", Metric.RAM_FILE_PEAK, Scope.PROCESS, Semantics.RESIDENT), "RssFile"),
        SWAP(new Signal("linux.swap", Metric.RAM_SWAP_PEAK, Scope.PROCESS, Semantics.COMMITTED), "VmSwap");

        private final Signal signal;
        private final String key;

        Reading(Signal signal, String key) {
            this.signal = signal;
            this.key = key;
        }
    }

    private final Reading reading;
    private final ProcField size;

    private LinuxMemory(Reading reading, ProcField size) {
        this.reading = reading;
        this.size = size;
    }

    static List<Meter> open(Reading reading) throws MeterUnavailable {
        return List.of(new LinuxMemory(reading, ProcField.open(ProcField.STATUS, reading.key)));
    }

    @Override
    public OptionalLong read() {
        return size.read();
    }

    @Override
    public Signal signal() {
        return reading.signal;
    }

    @Override
    public void close() {
        size.close();
    }
}
