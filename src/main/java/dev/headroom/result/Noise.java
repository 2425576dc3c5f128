package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A disturbance that may have changed the figures.
 *
 * @param amount in the kind's unit; absent if the kind has no amount
 * @param detail more about it, for people
 */
public record Noise(Kind kind, @Nullable Double amount, @Nullable String detail) {

    /** Kinds of noise, in the order of reports. */
    public enum Kind {
        /** Other processes used the CPU: cores. */
        LOAD,
        /** The hypervisor gave CPU time of this machine to others: cores. */
        STEAL,
        /** A governor or preference keeps the CPU's clock low. */
        GOVERNOR,
        /** A limit keeps the CPU's clock below the processor's maximum: MHz of the limit. */
        CLOCK_CAP,
        /** Heat slowed the CPU down: times. */
        CPU_HEAT,
        /** Processes waited for memory: percent of the time. */
        MEMORY_PRESSURE,
        /** Little memory was free: percent. */
        MEMORY_LOW,
        /** The machine swapped: pages a second. */
        SWAP,
        /** The machine ran on battery. */
        BATTERY,
        /** Other processes held the GPU: how many. */
        GPU_OTHERS,
        /** Heat slowed the GPU down: percent of the readings. */
        GPU_HEAT,
        /** VRAM in use before the fork differed from the run's first baseline: MiB. */
        VRAM_BASELINE;

        /** The word in files, such as {@code gpu-heat}. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        @JsonCreator
        static Kind of(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
        }

        /** Whether a smaller amount is worse. */
        private boolean lessIsWorse() {
            return this == CLOCK_CAP || this == MEMORY_LOW;
        }
    }

    /** Whether this is worse than another of the same kind. */
    public boolean worseThan(Noise other) {
        double difference = (amount == null ? 0 : amount) - (other.amount == null ? 0 : other.amount);
        return (kind.lessIsWorse() ? -difference : difference) > 0;
    }

    /** The worst of each kind, in the order of kinds. */
    public static List<Noise> worst(List<Noise> all) {
        Map<Kind, Noise> worst = new EnumMap<>(Kind.class);
        all.forEach(noise -> worst.merge(noise.kind, noise, (a, b) -> b.worseThan(a) ? b : a));
        return List.copyOf(worst.values());
    }

    /** The words of the kinds, with a separator. */
    public static String words(List<Noise> all, String separator) {
        return all.stream().map(noise -> noise.kind.word()).collect(Collectors.joining(separator));
    }
}
