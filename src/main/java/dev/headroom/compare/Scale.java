package dev.headroom.compare;

/** The scale for computing differences: the one on which noise does not depend on the size of a value. */
public enum Scale {
    /** For memory: absolute differences. */
    DIFFERENCE,
    /** For speed, time and energy: ratios, computed as differences of logarithms. Means are geometric. */
    RATIO;

    /** Converts a value to this scale. */
    double of(double value) {
        return this == RATIO ? Math.log(value) : value;
    }

    /** The inverse of {@link #of}. */
    double value(double scaled) {
        return this == RATIO ? Math.exp(scaled) : scaled;
    }

    /**
     * Converts a difference on this scale to the metric's unit.
     *
     * @param baseline the baseline's value, in the metric's unit
     */
    double units(double baseline, double difference) {
        return this == RATIO ? baseline * Math.expm1(difference) : difference;
    }

    /** Converts a difference on this scale to percent of the baseline. */
    double percent(double baseline, double difference) {
        return 100 * units(baseline, difference) / baseline;
    }
}
