package dev.headroom.compare;

import java.util.List;

/** The values that the successful forks of a cell measured. */
final class Samples {
    private final int[] forks;
    private final List<Measure> measures;
    private final double[][] values;

    /**
     * @param forks the forks' numbers
     * @param values a row for each metric with a value for each fork; NaN if a fork did not measure it
     */
    Samples(int[] forks, List<Measure> measures, double[][] values) {
        this.forks = forks;
        this.measures = measures;
        this.values = values;
    }

    /** The metrics that at least one fork measured. */
    List<Measure> measures() {
        return measures;
    }

    /** The number of a fork, by its index in {@link #values}. */
    int number(int index) {
        return forks[index];
    }

    /** A value for each fork, NaN if it did not measure the metric; empty if no fork did. */
    double[] values(Measure measure) {
        int at = measures.indexOf(measure);
        return at < 0 ? new double[0] : values[at];
    }
}
