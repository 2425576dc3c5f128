package dev.headroom.compare;

import java.util.Arrays;
import org.apache.commons.math3.stat.StatUtils;

/**
 * A difference of two means with its uncertainty, on a {@link Scale}. What is replicated, a fork or a run, is a unit;
 * the values are one a unit.
 *
 * @param baseline mean of the baseline's units
 * @param difference the other side's mean minus that
 * @param standardError of the difference; infinite where one unit says nothing about how units scatter
 * @param degrees degrees of freedom of the standard error; 0 where that is infinite
 * @param units how many there are, of the side that has fewer; of pairs the pairs
 */
record Estimate(double baseline, double difference, double standardError, double degrees, int units) {

    /**
     * Welch's: units that have nothing to do with each other, and need not scatter alike.
     *
     * @param floor variance that a single unit has at least
     */
    static Estimate welch(double[] baseline, double[] other, double floor) {
        double middle = StatUtils.mean(baseline);
        double difference = StatUtils.mean(other) - middle;
        int units = Math.min(baseline.length, other.length);
        if (units < 2) {
            return new Estimate(middle, difference, Double.POSITIVE_INFINITY, 0, units);
        }
        double one = variance(baseline, floor) / baseline.length;
        double two = variance(other, floor) / other.length;
        double degrees =
                (one + two) * (one + two) / (one * one / (baseline.length - 1) + two * two / (other.length - 1));
        return new Estimate(middle, difference, Math.sqrt(one + two), degrees, units);
    }

    /**
     * One unit against several: how units scatter is only known of one side, and is taken to be the same on the other.
     *
     * @param floor as above
     */
    static Estimate alike(double[] baseline, double[] other, double floor) {
        double[] several = baseline.length > other.length ? baseline : other;
        double middle = StatUtils.mean(baseline);
        double error = Math.sqrt(variance(several, floor) * (1.0 / baseline.length + 1.0 / other.length));
        return new Estimate(middle, StatUtils.mean(other) - middle, error, several.length - 1, 1);
    }

    /**
     * Pairs: what both units of a pair have in common, such as the hour, cancels out.
     *
     * @param other in the order of the baseline
     * @param floor as above
     */
    static Estimate paired(double[] baseline, double[] other, double floor) {
        double[] differences = new double[baseline.length];
        Arrays.setAll(differences, i -> other[i] - baseline[i]);
        double middle = StatUtils.mean(baseline);
        double difference = StatUtils.mean(differences);
        int pairs = differences.length;
        if (pairs < 2) {
            return new Estimate(middle, difference, Double.POSITIVE_INFINITY, 0, pairs);
        }
        double error = Math.sqrt(variance(differences, 2 * floor) / pairs);
        return new Estimate(middle, difference, error, pairs - 1.0, pairs);
    }

    private static double variance(double[] values, double floor) {
        return Math.max(StatUtils.variance(values), floor);
    }

    /** The same with a standard error that is not smaller than this. */
    Estimate atLeast(double error) {
        return new Estimate(baseline, difference, Math.max(standardError, error), degrees, units);
    }

    /** Whether there is an uncertainty. */
    boolean isCertain() {
        return degrees >= 1;
    }

    /** Probability of a difference as large as this one if there were none. */
    double p() {
        return StudentT.twoSided(difference / standardError, degrees);
    }

    /** The interval that holds the true difference but for a probability. */
    Range interval(double miss) {
        return Range.around(difference, StudentT.quantile(1 - miss / 2, degrees) * standardError);
    }

    /**
     * The true difference that would be told from none four times in five, at this standard error.
     *
     * @param miss probability of telling a difference where there is none
     */
    double smallest(double miss) {
        return (StudentT.quantile(1 - miss / 2, degrees) + StudentT.quantile(POWER, degrees)) * standardError;
    }

    private static final double POWER = 0.8;
}
