package dev.headroom.compare;

import java.util.List;

/** What the good forks of a cell measured. */
final class Samples {
    private final int[] forks;
    private final List<Measure> measures;
    private final double[][] values;

    /**
     * @param forks numbers of the forks
     * @param values of every measure, of every fork in that order; not a number where a fork did not measure it
     */
    Samples(int[] forks, List<Measure> measures, double[][] values) {
        this.forks = forks;
        this.measures = measures;
        this.values = values;
    }

    /** What at least one fork measured. */
    List<Measure> measures() {
        return measures;
    }

    /** The number of a fork, from its place in {@link #values}. */
    int number(int fork) {
        return forks[fork];
    }

    /** Fork by fork, not a number where a fork did not measure it; empty if none did. */
    double[] values(Measure measure) {
        int at = measures.indexOf(measure);
        return at < 0 ? new double[0] : values[at];
    }
}
