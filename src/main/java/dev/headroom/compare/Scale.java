package dev.headroom.compare;

/** On which scale a metric's noise is the same for small and large values: there a difference is worked out. */
public enum Scale {
    /** Memory: MiB more are MiB more, whatever there was before. */
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
    /**
     * Speed, time and energy: percent. Worked out as a difference of logarithms, so the middle is the geometric mean.
     */
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

    /** A value on this scale. */
    abstract double of(double value);

    /** What {@link #of} made, back again. */
    abstract double value(double scaled);

    /**
     * A difference on this scale in the metric's unit.
     *
     * @param baseline the value that it is a difference to, in the metric's unit
     */
    abstract double units(double baseline, double difference);

    /** The same in percent of the baseline. */
    double percent(double baseline, double difference) {
        return 100 * units(baseline, difference) / baseline;
    }
}
