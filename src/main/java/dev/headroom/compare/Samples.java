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

    int forks() {
        return forks.length;
    }

    /** The number of a fork, from its place among the good ones. */
    int number(int fork) {
        return forks[fork];
    }

    /** What a fork, by its place, measured; not a number if it did not. */
    double value(Measure measure, int fork) {
        int at = measures.indexOf(measure);
        return at < 0 ? Double.NaN : values[at][fork];
    }
}
