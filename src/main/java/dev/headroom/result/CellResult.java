package dev.headroom.result;

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
 * @param forks forks asked for
 * @param warmup warm-up iterations a fork
 * @param iterations measured iterations a fork
 * @param time length of an iteration; absent for single shots
 * @param status ok only if every fork was
 * @param reason of the first fork that was not ok
 * @param score absent if no fork was ok
 * @param metrics secondary metrics, merged over iterations and forks: peaks by maximum
 * @param samples what each good fork measured: what a comparison works on
 * @param phases see {@link ForkMemory}, of the fork with the largest peak
 * @param waterfalls where the largest peak of vram went and where that of ram did, as far as they were measured
 * @param prediction what its buffers were predicted to take; absent for a benchmark without a model
 * @param noise what disturbed its forks: of each kind the worst
 */
public record CellResult(
        String id,
        String benchmark,
        String mode,
        String unit,
        Map<String, String> params,
        int forks,
        int warmup,
        int iterations,
        @Nullable String time,
        Status status,
        @Nullable String reason,
        List<String> logTail,
        @Nullable Score score,
        SortedMap<String, Metric> metrics,
        List<ForkSummary> samples,
        @Nullable Observed observed,
        Map<String, Map<String, Double>> phases,
        List<Waterfall> waterfalls,
        @Nullable Prediction prediction,
        List<Noise> noise) {

    /** The same with what was predicted of it. */
    public CellResult with(Prediction of) {
        return new CellResult(
                id,
                benchmark,
                mode,
                unit,
                params,
                forks,
                warmup,
                iterations,
                time,
                status,
                reason,
                logTail,
                score,
                metrics,
                samples,
                observed,
                phases,
                waterfalls,
                of,
                noise);
    }

    /**
     * The primary metric.
     *
     * @param value mean over iterations and forks, in the cell's unit
     * @param error half the width of JMH's 99.9 % confidence interval, absent below three samples
     * @param samples how many iterations (or, in mode sample, operations) stand behind the value
     * @param percentiles for mode sample: 50, 95 and 99, in the cell's unit
     */
    public record Score(
            double value, @Nullable Double error, long samples, @Nullable SortedMap<String, Double> percentiles) {}

    /**
     * One good fork, its iterations merged.
     *
     * @param fork 1 for the cell's first
     * @param score mean over the iterations, in the cell's unit
     * @param percentiles as in {@link Score}
     * @param metrics secondary metrics, merged over iterations as those of the cell are; units are the cell's
     */
    public record ForkSummary(
            int fork,
            double score,
            @Nullable SortedMap<String, Double> percentiles,
            SortedMap<String, Double> metrics) {}
}
