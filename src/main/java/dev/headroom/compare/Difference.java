package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The difference of one metric of one cell between the baseline and another group.
 *
 * @param other the group that is compared with the baseline
 * @param ids ids of both groups' cells, the baseline's first
 * @param headline whether the metric is speed or the most important memory metric
 * @param baseline the baseline's mean; the geometric mean for {@link Scale#RATIO}
 * @param value the same for the other group
 * @param difference value minus baseline, in the metric's unit
 * @param percent the difference in percent of the baseline; absent if the baseline is 0 or less
 * @param interval confidence interval of the difference, in the metric's unit, at the family's level; absent if the
 *     variation is unknown or too large
 * @param interval95 95 % confidence interval, not adjusted for multiple comparisons
 * @param p p value, not adjusted for multiple comparisons
 * @param detectable minimum detectable difference, in the metric's unit: found with a probability of 80 %
 * @param detectablePercent the same in percent of the baseline
 * @param unit unit of replication: {@code fork}, {@code pair of forks}, {@code run} or {@code pair of runs}
 * @param units number of units, in the group with fewer
 * @param why reason for {@link Verdict#UNCLEAR}, if there is one besides the interval
 * @param atLeast whether a card was full: its value is then a lower limit of the need
 * @param meter the meter that measured the metric; absent if none did
 * @param noise kinds of noise in the cells, with spaces between; empty: none was detected
 */
public record Difference(
        String other,
        CellKey cell,
        List<String> ids,
        Measure measure,
        boolean headline,
        double baseline,
        double value,
        double difference,
        @Nullable Double percent,
        @Nullable Range interval,
        @Nullable Range interval95,
        @Nullable Double p,
        @JsonProperty("smallest") @Nullable Double detectable,
        @JsonProperty("smallestPercent") @Nullable Double detectablePercent,
        Verdict verdict,
        @Nullable String why,
        String unit,
        int units,
        boolean atLeast,
        @Nullable String meter,
        String noise) {

    /** Converts from the metric's unit to percent of the baseline. */
    public double percentOf(double inUnit) {
        return 100 * inUnit / baseline;
    }
}
