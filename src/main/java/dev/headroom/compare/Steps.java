package dev.headroom.compare;

import dev.headroom.compare.Sides.Observation;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The steps in which figures come: equal figures may be a step apart all the same. */
final class Steps {
    /** Of a ratio: nobody can tell a tenth of a percent apart by a machine's clock and load. */
    static final double RATIO = 0.001;

    /**
     * Of memory that is measured: GPU drivers and transparent huge pages hand it out in pieces of 2 MiB, so that
     * placement alone moves a peak by one.
     */
    private static final double PIECE_MIB = 2;

    /** Of memory that llama.cpp tells in its log: two decimals. */
    private static final double LOGGED_MIB = 0.01;

    private Steps() {}

    /** Of memory: a piece, or more where a meter was seen to move in larger steps. */
    static double mib(Measure measure, @Nullable String meter, List<Observation> here, List<Observation> there) {
        if (measure.name().startsWith("·buffers.")) {
            return LOGGED_MIB;
        }
        return Stream.concat(here.stream(), there.stream())
                .flatMapToDouble(
                        seen -> meter == null ? DoubleStream.empty() : seen.run().resolutionMib(meter).stream())
                .reduce(PIECE_MIB, Math::max);
    }
}
