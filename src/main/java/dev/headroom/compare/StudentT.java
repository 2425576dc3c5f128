package dev.headroom.compare;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.math3.distribution.TDistribution;

/** Student's t distribution, with a cache of quantiles. */
final class StudentT {
    /**
     * Mask that rounds degrees of freedom down to nine significant bits, for cache hits. Intervals become at most 0.2 %
     * wider, and never narrower.
     */
    private static final long ROUNDING_MASK = -1L << 44;

    private static final double MOST_DEGREES = 1e6;
    private static final Map<Key, Double> QUANTILES = new ConcurrentHashMap<>();

    private StudentT() {}

    private record Key(double probability, double degrees) {}

    /**
     * The quantile for a probability.
     *
     * @param probability above 0, below 1
     * @param degrees degrees of freedom, 1 or more
     */
    static double quantile(double probability, double degrees) {
        return QUANTILES.computeIfAbsent(
                new Key(probability, rounded(degrees)),
                key -> new TDistribution(null, key.degrees).inverseCumulativeProbability(key.probability));
    }

    /** The probability of a value at least as far from 0 as t, in both directions. */
    static double twoSided(double t, double degrees) {
        return 2 * new TDistribution(null, rounded(degrees)).cumulativeProbability(-Math.abs(t));
    }

    private static double rounded(double degrees) {
        return Double.longBitsToDouble(
                Double.doubleToLongBits(Math.max(1, Math.min(degrees, MOST_DEGREES))) & ROUNDING_MASK);
    }
}
