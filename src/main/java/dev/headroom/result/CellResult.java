package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * One cell, its forks merged.
 *
 * @param id unique in the run
 * @param benchmark simple name of the benchmark class
 * @param mode thrpt, avgt, sample or ss
 * @param unit unit of the score
 * @param params the cell's parameters, in the benchmark's order
 * @param planned the planned values of parameters that this machine resolved, such as {@code threads 0}; absent in
 *     older runs
 * @param status ok only if every fork was ok
 * @param reason reason of the first fork that was not ok
 * @param logTail llama.cpp's last lines in that fork
 * @param score absent if no fork was ok
 * @param metrics merged over iterations and forks by {@link Metric#merge}
 * @param samples the good forks, one by one: the data that a comparison uses
 * @param noise what disturbed the forks: the worst of each kind
 */
public record CellResult(
        String id,
        String benchmark,
        String mode,
        String unit,
        Map<String, String> params,
        @Nullable Map<String, String> planned,
        @JsonUnwrapped Protocol protocol,
        Status status,
        @Nullable String reason,
        List<String> logTail,
        @Nullable Score score,
        SortedMap<Metric, MetricValue> metrics,
        List<ForkSummary> samples,
        @JsonUnwrapped MemoryDetails memory,
        List<Noise> noise) {

    /**
     * How often and how long to measure.
     *
     * @param forks number of forks asked for
     * @param warmup warm-up iterations in a fork
     * @param iterations measured iterations in a fork
     * @param time length of an iteration; absent for single shots
     */
    public record Protocol(int forks, int warmup, int iterations, @Nullable String time) {}

    /**
     * What explains the cell's memory.
     *
     * @param observed absent if no fork loaded a model
     * @param phases as in {@link ForkMemory}, of the fork with the largest peak
     * @param waterfalls the parts of the largest VRAM peak and of the largest RAM peak, if they were measured
     * @param prediction predicted sizes of the buffers; absent for a benchmark without a model
     * @param spill absent in older runs, and for cells that measured no model
     */
    public record MemoryDetails(
            @Nullable Observed observed,
            Map<String, Map<String, Double>> phases,
            List<Waterfall> waterfalls,
            @Nullable Prediction prediction,
            @Nullable Spill spill) {}

    /** A copy with a verdict on spilled memory. */
    CellResult with(@Nullable Spill spill) {
        return new CellResult(
                id,
                benchmark,
                mode,
                unit,
                params,
                planned,
                protocol,
                status,
                reason,
                logTail,
                score,
                metrics,
                samples,
                new MemoryDetails(memory.observed, memory.phases, memory.waterfalls, memory.prediction, spill),
                noise);
    }

    /**
     * The score of a cell.
     *
     * @param value mean over iterations and forks, in the cell's unit
     * @param error half the width of JMH's 99.9 % confidence interval; absent below three samples
     * @param samples number of iterations (in mode sample: operations) behind the value
     * @param percentiles in mode sample: 50, 95 and 99, in the cell's unit
     */
    public record Score(
            double value, @Nullable Double error, long samples, @Nullable SortedMap<String, Double> percentiles) {}

    /**
     * One good fork, its iterations merged.
     *
     * @param fork number of the fork in its cell, from 1
     * @param score mean over the iterations, in the cell's unit
     * @param percentiles as in {@link Score}
     * @param metrics merged over iterations by {@link Metric#merge}
     */
    public record ForkSummary(
            int fork,
            double score,
            @Nullable SortedMap<String, Double> percentiles,
            SortedMap<Metric, Double> metrics) {}
}
