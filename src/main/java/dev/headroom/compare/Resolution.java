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

    private Resolution() {}

    /** Resolution of a memory metric: the meter's own step, if the cells' runs show that it is larger. */
    static double mib(Measure measure, @Nullable String meter, Stream<Observation> cells) {
        if (Metric.labelled(measure.name()).filter(Metric.LOGGED::contains).isPresent()) {
            return LOGGED_MIB;
        }
        return cells.flatMapToDouble(
                        seen -> meter == null ? DoubleStream.empty() : seen.run().resolutionMib(meter).stream())
                .reduce(ALLOCATION_MIB, Math::max);
    }
}
