package dev.headroom.compare;

import dev.headroom.result.Run;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What comparing needs of a cell.
 *
 * @param place where it ran
 * @param device the device that holds the model; absent: the CPU
 * @param noise what disturbed it, in words; empty: nothing that was seen
 */
record MeasuredCell(
        String id,
        String benchmark,
        Map<String, String> params,
        Run.Place place,
        Conditions conditions,
        Status status,
        @Nullable String reason,
        Samples samples,
        List<Waterfall> waterfalls,
        @Nullable String device,
        String noise) {

    /** The mean of a measure over forks; empty if none measured it. */
    OptionalDouble mean(String name) {
        return samples.measures().stream()
                .filter(measure -> measure.name().equals(name))
                .flatMapToDouble(
                        measure -> Arrays.stream(samples.values(measure)).filter(Double::isFinite))
                .average();
    }
}
