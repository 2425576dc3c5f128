package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Predicted sizes of a cell's buffers before loading, beside the sizes that llama.cpp then reports.
 *
 * @param parts by kind and device; without what could not be predicted
 * @param incomplete why a part is missing; absent if none is
 */
public record Prediction(List<Part> parts, @Nullable String incomplete) {
    public Prediction {
        parts = List.copyOf(parts);
    }

    /**
     * All buffers of a kind on a device.
     *
     * @param kind model, kv, recurrent, compute or output
     * @param device {@code CPU} for host memory, a device, or the name of a form that weights are copied into, such as
     *     {@code CPU_REPACK}; absent if it is for all devices together
     * @param predictedMib in MiB
     * @param measuredMib absent if nothing was allocated
     * @param errorMib measured minus predicted
     * @param source formula (from the file's header) or simulation (by llama.cpp itself)
     */
    public record Part(
            String kind,
            @JsonProperty("place") @Nullable String device,
            double predictedMib,
            @Nullable Double measuredMib,
            @Nullable Double errorMib,
            String source) {
        private static final double MOST_OFF = 0.02;
        private static final double MOST_OFF_MIB = 32;

        /** llama.cpp's log rounds each buffer to 0.01 MiB, and llama.cpp pads each of hundreds of tensors. */
        private static final double ROUNDING_MIB = 0.1;

        public Part(String kind, @Nullable String device, double predictedMib, String source) {
            this(kind, device, predictedMib, null, null, source);
        }

        /** A copy with the measured size. */
        public Part measured(double mib) {
            return new Part(kind, device, predictedMib, mib, mib - predictedMib, source);
        }

        /** Whether the error is more than 2 % or 32 MiB, and more than the 0.1 MiB of rounding. */
        public boolean wrong() {
            double error = errorMib == null ? 0 : Math.abs(errorMib);
            return error > ROUNDING_MIB && (error > MOST_OFF * predictedMib || error > MOST_OFF_MIB);
        }
    }

    /** The predicted sum of some kinds in MiB; empty if there are none. */
    public OptionalDouble mebibytes(String... kinds) {
        return parts.stream()
                .filter(part -> List.of(kinds).contains(part.kind))
                .mapToDouble(Part::predictedMib)
                .reduce(Double::sum);
    }
}
