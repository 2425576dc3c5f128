package dev.headroom.result;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What was predicted of a cell's buffers before anything was loaded, beside what llama.cpp then said it allocated.
 *
 * @param parts by kind and place; what was not predicted is not there
 * @param incomplete why something is not there
 */
public record Prediction(List<Part> parts, @Nullable String incomplete) {
    public Prediction {
        parts = List.copyOf(parts);
    }

    /**
     * Buffers of a kind in a place.
     *
     * @param kind model, kv, recurrent, compute or output
     * @param place {@code CPU} for the host's memory, a device, or the name of a form that weights are copied into,
     *     such as {@code CPU_REPACK}; absent: all places together
     * @param predictedMib in MiB
     * @param measuredMib absent where nothing was allocated
     * @param errorMib measured minus predicted
     * @param source formula: from the file's header; simulation: by llama.cpp's own account
     */
    public record Part(
            String kind,
            @Nullable String place,
            double predictedMib,
            @Nullable Double measuredMib,
            @Nullable Double errorMib,
            String source) {
        private static final double MOST_OFF = 0.02;
        private static final double MOST_OFF_MIB = 32;

        /** llama.cpp rounds each buffer to 0.01 MiB in its log, and pads each of hundreds of tensors by some bytes. */
        private static final double ROUNDING_MIB = 0.1;

        public Part(String kind, @Nullable String place, double predictedMib, String source) {
            this(kind, place, predictedMib, null, null, source);
        }

        /** The same with what was measured. */
        public Part measured(double mib) {
            return new Part(kind, place, predictedMib, mib, mib - predictedMib, source);
        }

        /**
         * Whether the prediction was wrong: by more than 2 % or more than 32 MiB, and by more than the 0.1 MiB that
         * rounding makes.
         */
        public boolean wrong() {
            double error = errorMib == null ? 0 : Math.abs(errorMib);
            return error > ROUNDING_MIB && (error > MOST_OFF * predictedMib || error > MOST_OFF_MIB);
        }
    }

    /** The predicted sum of some kinds in MiB; empty where there is none of them. */
    public OptionalDouble mebibytes(String... kinds) {
        return parts.stream()
                .filter(part -> List.of(kinds).contains(part.kind))
                .mapToDouble(Part::predictedMib)
                .reduce(Double::sum);
    }
}
