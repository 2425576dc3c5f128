package dev.headroom.compare;

/** The scale for computing differences: the one on which noise does not depend on the size of a value. */
public enum Scale {
    /** For memory: absolute differences. */
    DIFFERENCE {
        @Override
        double of(double value) {
            return value;
        }

        @Override
        double value(double scaled) {
            return scaled;
        }

        @Override
        double units(double baseline, double difference) {
            return difference;
        }
    },
    /** For speed, time and energy: ratios, computed as differences of logarithms. Means are geometric. */
    RATIO {
        @Override
        double of(double value) {
            return Math.log(value);
        }

        @Override
        double value(double scaled) {
            return Math.exp(scaled);
        }

        @Override
        double units(double baseline, double difference) {
            return baseline * Math.expm1(difference);
        }
    };

    /** Converts a value to this scale. */
    abstract double of(double value);

    /** The inverse of {@link #of}. */
    abstract double value(double scaled);

    /**
     * Converts a difference on this scale to the metric's unit.
     *
     * @param baseline the baseline's value, in the metric's unit
     */
    abstract double units(double baseline, double difference);

    /** Converts a difference on this scale to percent of the baseline. */
    double percent(double baseline, double difference) {
        return 100 * units(baseline, difference) / baseline;
    }
}
