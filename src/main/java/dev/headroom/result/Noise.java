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
 * Something besides what is measured that may have changed the figures.
 *
 * @param amount how much, in the kind's unit; absent where there is no more or less
 * @param detail what else is known of it
 */
public record Noise(Kind kind, @Nullable Double amount, @Nullable String detail) {

    /** What disturbs, in the order in which it is told. */
    public enum Kind {
        /** Other processes computed: cores they used. */
        LOAD,
        /** The hypervisor gave this machine's CPUs to others: cores. */
        STEAL,
        /** A governor or preference keeps the CPU's clock low. */
        GOVERNOR,
        /** The CPU's clock may not go as high as the processor can: MHz it may. */
        CLOCK_CAP,
        /** The CPU was slowed down by heat: times. */
        CPU_HEAT,
        /** Processes had to wait for memory: percent of the time. */
        MEMORY_PRESSURE,
        /** Hardly any memory was free: percent that were. */
        MEMORY_LOW,
        /** The machine swapped: pages a second. */
        SWAP,
        /** The machine ran on battery. */
        BATTERY,
        /** Other processes held the GPU: how many. */
        GPU_OTHERS,
        /** The GPU was slowed down by heat: percent of the readings. */
        GPU_HEAT,
        /** VRAM in use before the fork was not what it was before the run's first: MiB of difference. */
        VRAM_BASELINE;

        /** Such as {@code gpu-heat}. */
        @JsonValue
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        @JsonCreator
        static Kind of(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
        }

        /** Whether a smaller amount is the worse. */
        private boolean lessIsWorse() {
            return this == CLOCK_CAP || this == MEMORY_LOW;
        }
    }

    /** Whether this is worse than another one of its kind. */
    public boolean worseThan(Noise other) {
        double difference = (amount == null ? 0 : amount) - (other.amount == null ? 0 : other.amount);
        return (kind.lessIsWorse() ? -difference : difference) > 0;
    }

    /** The worst of each kind. */
    public static List<Noise> worst(List<Noise> all) {
        Map<Kind, Noise> worst = new EnumMap<>(Kind.class);
        all.forEach(noise -> worst.merge(noise.kind, noise, (a, b) -> b.worseThan(a) ? b : a));
        return List.copyOf(worst.values());
    }

    /** The kinds as words, with something in between. */
    public static String words(List<Noise> all, String between) {
        return all.stream().map(noise -> noise.kind.word()).collect(Collectors.joining(between));
    }
}
