package dev.headroom.compare;

import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.result.Metric;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The resolution of metrics: the step size in which their values change. */
final class Resolution {
    /** Resolution of ratios: 0.1 %, as clocks and load vary more than that. */
    static final double RATIO = 0.001;

    /** Resolution of measured memory: GPU drivers and transparent huge pages allocate in steps of 2 MiB. */
    private static final double ALLOCATION_MIB = 2;

    /** Resolution of buffer sizes in llama.cpp's log: two decimals. */
    private static final double LOGGED_MIB = 0.01;

    /** The largest credible step. Drivers allocate in steps of up to 2 MiB, and larger pages have 32 MiB at most. */
    private static final double CREDIBLE_MIB = 64;

    private Resolution() {}

    /**
     * Resolution of a memory metric: the meter's own step, if the cells' runs show that it is larger. A step that is
     * not credible comes from another program that used the card while the meter was proven.
     */
    static double mib(Measure measure, @Nullable String meter, Stream<Observation> cells) {
        if (Metric.labelled(measure.name()).filter(Metric.LOGGED::contains).isPresent()) {
            return LOGGED_MIB;
        }
        return cells.flatMapToDouble(
                        seen -> meter == null ? DoubleStream.empty() : seen.run().resolutionMib(meter).stream())
                .filter(step -> step <= CREDIBLE_MIB)
                .reduce(ALLOCATION_MIB, Math::max);
    }
}
