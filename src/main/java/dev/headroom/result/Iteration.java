package dev.headroom.result;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One measured iteration of a fork.
 *
 * @param number 1 for the first measured iteration
 * @param score the primary metric, in the benchmark's unit
 * @param metrics what the profiler measured
 * @param samples latencies and their counts; only for benchmarks in mode sample
 */
public record Iteration(
        int number, double score, SortedMap<Metric, MetricValue> metrics, @Nullable List<Sample> samples) {

    /** A copy with more metrics. */
    Iteration with(Map<Metric, MetricValue> more) {
        SortedMap<Metric, MetricValue> all = new TreeMap<>(metrics);
        all.putAll(more);
        return new Iteration(number, score, all, samples);
    }

    /**
     * A latency and its count.
     *
     * @param nanos latency in ns
     * @param count how many operations took that long
     */
    public record Sample(long nanos, long count) {}
}
