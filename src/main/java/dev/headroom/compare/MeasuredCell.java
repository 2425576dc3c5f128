package dev.headroom.compare;

import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The data of a cell that a comparison needs.
 *
 * @param params as planned
 * @param resolved values of parameters that the machine resolved, such as {@code threads}
 * @param place facts of the environment in which it ran
 * @param device the device that holds the model; absent: the CPU
 * @param spill absent in older runs, and for cells that measured no model
 * @param noise kinds of noise, with spaces between; empty: none was detected
 */
record MeasuredCell(
        String id,
        String benchmark,
        Map<String, String> params,
        Map<String, String> resolved,
        Run.PlaceFacts place,
        Conditions conditions,
        Status status,
        @Nullable String reason,
        Samples samples,
        List<Waterfall> waterfalls,
        @Nullable String device,
        @Nullable Spill spill,
        String noise) {

    /**
     * Whether the use of the card may be less than the need: the rest may be in system RAM. Then the measured value is
     * a lower limit of the need.
     */
    boolean atLeast() {
        return spill != null && spill.verdict() != Spill.Verdict.NONE;
    }

    /** The mean of a metric over forks; empty if no fork measured it. */
    OptionalDouble mean(String name) {
        return samples.measures().stream()
                .filter(measure -> measure.name().equals(name))
                .flatMapToDouble(
                        measure -> Arrays.stream(samples.values(measure)).filter(Double::isFinite))
                .average();
    }
}
