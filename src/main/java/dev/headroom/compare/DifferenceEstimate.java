package dev.headroom.compare;

import java.util.Arrays;
import org.apache.commons.math3.stat.StatUtils;

/**
 * An estimate of the difference between two means, with its standard error, on a {@link Scale}. Each value in the
 * arrays below is from one unit of replication, a fork or a run.
 *
 * @param baseline mean of the baseline
 * @param difference mean of the other group minus that of the baseline
 * @param standardError standard error of the difference; infinite if the variation between units is unknown
 * @param degrees degrees of freedom of the standard error; 0 if that is infinite
 * @param units number of units in the smaller group, or number of pairs
 */
record DifferenceEstimate(double baseline, double difference, double standardError, double degrees, int units) {
    /** The probability with which the minimum detectable difference is found. */
    private static final double POWER = 0.8;

    /**
     * Welch's t test: two independent groups, whose variances may differ.
     *
     * @param floor lowest variance of a single value
     */
    static DifferenceEstimate welch(double[] baseline, double[] other, double floor) {
        double mean = StatUtils.mean(baseline);
        double difference = StatUtils.mean(other) - mean;
        int units = Math.min(baseline.length, other.length);
        if (units < 2) {
            return new DifferenceEstimate(mean, difference, Double.POSITIVE_INFINITY, 0, units);
        }
        double one = variance(baseline, floor) / baseline.length;
        double two = variance(other, floor) / other.length;
        double degrees =
                (one + two) * (one + two) / (one * one / (baseline.length - 1) + two * two / (other.length - 1));
        return new DifferenceEstimate(mean, difference, Math.sqrt(one + two), degrees, units);
    }

    /**
     * One unit against several. The variance of the several is taken for both groups.
     *
     * @param floor lowest variance of a single value
     */
    static DifferenceEstimate equalVariance(double[] baseline, double[] other, double floor) {
        double[] several = baseline.length > other.length ? baseline : other;
        double mean = StatUtils.mean(baseline);
        double error = Math.sqrt(variance(several, floor) * (1.0 / baseline.length + 1.0 / other.length));
        return new DifferenceEstimate(mean, StatUtils.mean(other) - mean, error, several.length - 1, 1);
    }

    /**
     * The paired t test. Common influences on both units of a pair, such as temperature, cancel out.
     *
     * @param other in the order of the baseline
     * @param floor lowest variance of a single value
     */
    static DifferenceEstimate paired(double[] baseline, double[] other, double floor) {
        double[] differences = new double[baseline.length];
        Arrays.setAll(differences, i -> other[i] - baseline[i]);
        double mean = StatUtils.mean(baseline);
        double difference = StatUtils.mean(differences);
        int pairs = differences.length;
        if (pairs < 2) {
            return new DifferenceEstimate(mean, difference, Double.POSITIVE_INFINITY, 0, pairs);
        }
        double error = Math.sqrt(variance(differences, 2 * floor) / pairs);
        return new DifferenceEstimate(mean, difference, error, pairs - 1.0, pairs);
    }

    private static double variance(double[] values, double floor) {
        return Math.max(StatUtils.variance(values), floor);
    }

    /** The same estimate with a standard error of at least the given one. */
    DifferenceEstimate atLeast(double error) {
        return new DifferenceEstimate(baseline, difference, Math.max(standardError, error), degrees, units);
    }

    /** Whether the standard error is known. */
    boolean hasStandardError() {
        return degrees >= 1;
    }

    /** The two-sided p value. */
    double p() {
        return StudentT.twoSided(difference / standardError, degrees);
    }

    /** The confidence interval at a significance level, such as 0.05. */
    Range interval(double level) {
        return Range.around(difference, StudentT.quantile(1 - level / 2, degrees) * standardError);
    }

    /** The minimum detectable difference at a significance level: found with a probability of 80 %. */
    double detectable(double level) {
        return (StudentT.quantile(1 - level / 2, degrees) + StudentT.quantile(POWER, degrees)) * standardError;
    }
}
