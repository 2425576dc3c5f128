package dev.headroom.compare;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One figure of one cell on two sides.
 *
 * @param other the side that is held against the baseline
 * @param ids of the cells that it is from, the baseline's first
 * @param headline whether it is speed, or the memory that matters most
 * @param baseline mean of the baseline, on the scale's terms: of ratios the geometric mean
 * @param value the same of the other side
 * @param difference value minus baseline, in the unit
 * @param percent the same in percent of the baseline; absent where that is 0 or less
 * @param interval of the difference, in the unit, at the level that verdicts are given at; absent where there is no
 *     telling how the figure scatters
 * @param interval95 plain 95 % interval, as if nothing else were compared
 * @param p probability of such a difference if there were none, before it is adjusted
 * @param smallest the smallest true difference that would be seen four times in five, in the unit
 * @param smallestPercent the same in percent
 * @param unit what is replicated: {@code fork}, {@code pair of forks}, {@code run} or {@code pair of runs}
 * @param units how many, on the side that has fewer
 * @param why why it is unclear, if that has a reason besides the interval
 * @param meter behind the figure; absent where there is none
 * @param noise what disturbed the cells; empty: nothing that was seen
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
        @Nullable Double smallest,
        @Nullable Double smallestPercent,
        Verdict verdict,
        @Nullable String why,
        String unit,
        int units,
        @Nullable String meter,
        String noise) {

    /** An end of the interval in percent of the baseline. */
    double percentOf(double inUnit) {
        return 100 * inUnit / baseline;
    }

    /** Whether a difference was found. */
    public boolean found() {
        return verdict == Verdict.BETTER || verdict == Verdict.WORSE;
    }
}
