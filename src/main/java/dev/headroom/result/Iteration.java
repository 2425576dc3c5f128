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
 * @param metrics what the profilers recorded, by label
 * @param samples for sampled benchmarks only: pairs of a latency in nanoseconds and how often it was seen
 */
public record Iteration(int number, double score, SortedMap<String, Metric> metrics, @Nullable List<Sample> samples) {

    /** The same with more metrics. */
    Iteration with(Map<String, Metric> more) {
        SortedMap<String, Metric> all = new TreeMap<>(metrics);
        all.putAll(more);
        return new Iteration(number, score, all, samples);
    }

    /**
     * A latency and how often it was seen.
     *
     * @param nanos latency in ns
     * @param count how often it was seen
     */
    public record Sample(long nanos, long count) {}
}
