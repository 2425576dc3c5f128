package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.headroom.result.Metric;
import java.util.List;

/**
 * The result of a comparison.
 *
 * @param by the compared dimension
 * @param baseline the value that the others are compared with
 * @param headlines the family of speed and of the most important memory metric
 * @param rest the family of all other metrics
 * @param differences one for each compared metric of each cell, by group, cell and metric
 */
public record Comparison(
        Dimension by,
        String baseline,
        List<String> others,
        Family headlines,
        Family rest,
        List<Difference> differences,
        @JsonProperty("taxes") List<MemoryImpact> impacts,
        List<WaterfallComparison> waterfalls,
        List<Incomparable> incomparable,
        @JsonProperty("alone") List<Unmatched> unmatched,
        List<String> warnings) {

    /**
     * Hypothesis tests that share one error probability: {@value Comparer#FALSE_VERDICT} for one or more false verdicts
     * in the family.
     *
     * @param size the number of tests
     * @param level the significance level of each test
     */
    public record Family(int size, double level) {}

    /**
     * A cell, or one metric of it, that cannot be compared.
     *
     * @param measure the metric's name; empty: all metrics of the cell
     */
    public record Incomparable(String other, CellKey cell, List<String> ids, String measure, String reason) {
        /** The metric, if it is only one, and the reason. */
        public String text() {
            return (measure.isEmpty() ? "" : Metric.plain(measure) + ": ") + reason;
        }
    }

    /**
     * A cell that only one of two groups has.
     *
     * @param group the group that has the cell
     * @param missing the group that lacks it
     * @param nearest the one parameter, with its value, by which a cell of {@code missing} differs; empty if none does,
     *     see {@link CellKey#onlyDifference}
     */
    public record Unmatched(
            @JsonProperty("side") String group, String missing, CellKey cell, String id, String nearest) {}
}
