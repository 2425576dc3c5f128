package dev.headroom.compare;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.math3.distribution.TDistribution;

/** Student's t distribution, with quantiles that are looked up where they were computed before. */
final class StudentT {
    /**
     * Degrees of freedom are cut to eight binary digits behind the first: what is looked up is a little too wide (at
     * most two parts in a thousand), never too narrow.
     */
    private static final long CUT = -1L << 44;

    private static final double MOST_DEGREES = 1e6;
    private static final Map<Key, Double> QUANTILES = new ConcurrentHashMap<>();

    private StudentT() {}

    private record Key(double probability, double degrees) {}

    /**
     * The value that is not exceeded with a probability.
     *
     * @param probability above 0, below 1
     * @param degrees of freedom, 1 or more
     */
    static double quantile(double probability, double degrees) {
        return QUANTILES.computeIfAbsent(new Key(probability, cut(degrees)), key -> new TDistribution(null, key.degrees)
                .inverseCumulativeProbability(key.probability));
    }

    /** How probable a value at least this far from 0, on either side, is. */
    static double twoSided(double t, double degrees) {
        return 2 * new TDistribution(null, cut(degrees)).cumulativeProbability(-Math.abs(t));
    }

    private static double cut(double degrees) {
        return Double.longBitsToDouble(Double.doubleToLongBits(Math.max(1, Math.min(degrees, MOST_DEGREES))) & CUT);
    }
}
