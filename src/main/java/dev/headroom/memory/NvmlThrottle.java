package dev.headroom.memory;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How often an NVIDIA card was found slowed down, and why. */
final class NvmlThrottle implements Sensor {
    /**
     * Reasons that slow a card down against what it is set to ({@code nvmlClocksEventReasons} of nvml.h). Not among
     * them: that it is idle, a clock that somebody has set, and keeping pace with another card.
     */
    enum Reason {
        POWER_CAP(0x04),
        HARDWARE_SLOWDOWN(0x08),
        THERMAL_SLOWDOWN(0x20),
        HARDWARE_THERMAL_SLOWDOWN(0x40),
        POWER_BRAKE(0x80);

        private final long bit;

        Reason(long bit) {
            this.bit = bit;
        }

        static Set<Reason> of(long bits) {
            return Stream.of(values())
                    .filter(reason -> (bits & reason.bit) != 0)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Reason.class)));
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    private final Nvml.Card card;
    private final Optional<String> pciId;
    private final Set<Reason> seen = EnumSet.noneOf(Reason.class);

    NvmlThrottle(Nvml.Card card) {
        this.card = card;
        pciId = card.pciId();
    }

    /** 100 while the card is slowed down, else 0: the mean is the share of the readings in %. */
    @Override
    public OptionalLong read() {
        OptionalLong bits = card.clockReasons();
        if (bits.isEmpty()) {
            return bits;
        }
        Set<Reason> now = Reason.of(bits.getAsLong());
        seen.addAll(now);
        return OptionalLong.of(now.isEmpty() ? 0 : 100);
    }

    @Override
    public OptionalDouble value(Series readings) {
        return readings.mean();
    }

    @Override
    public Optional<String> remark() {
        return seen.isEmpty()
                ? Optional.empty()
                : Optional.of("the card was slowed down: "
                        + seen.stream().map(Reason::toString).collect(Collectors.joining(", ")));
    }

    @Override
    public String name() {
        return "nvml.throttle";
    }

    @Override
    public String metric() {
        return "gpu.throttled";
    }

    @Override
    public String unit() {
        return "%";
    }

    @Override
    public Optional<String> card() {
        return pciId;
    }

    @Override
    public void close() {
        card.nvml().close();
    }
}
