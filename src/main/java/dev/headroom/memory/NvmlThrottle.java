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

    /** All but the power cap, which is where a card at work ordinarily is. */
    private static final Set<Reason> HEAT = EnumSet.complementOf(EnumSet.of(Reason.POWER_CAP));

    private final Nvml.Card card;
    private final Optional<String> pciId;
    private final String name;
    private final String metric;
    private final Set<Reason> reasons;
    private final Set<Reason> seen = EnumSet.noneOf(Reason.class);

    private NvmlThrottle(Nvml.Card card, String name, String metric, Set<Reason> reasons) {
        this.card = card;
        this.name = name;
        this.metric = metric;
        this.reasons = reasons;
        pciId = card.pciId();
    }

    /** Whatever the reason; says what the reasons were. */
    static NvmlThrottle any(Nvml.Card card) {
        return new NvmlThrottle(card, "nvml.throttle", "gpu.throttled", EnumSet.allOf(Reason.class));
    }

    /** By heat or hardware protection. */
    static NvmlThrottle heat(Nvml.Card card) {
        return new NvmlThrottle(card, "nvml.throttle.heat", "gpu.throttled.heat", HEAT);
    }

    /** 100 while the card is slowed down, else 0: the mean is the share of the readings in %. */
    @Override
    public OptionalLong read() {
        OptionalLong bits = card.clockReasons();
        if (bits.isEmpty()) {
            return bits;
        }
        Set<Reason> now = Reason.of(bits.getAsLong());
        now.retainAll(reasons);
        seen.addAll(now);
        return OptionalLong.of(now.isEmpty() ? 0 : 100);
    }

    @Override
    public OptionalDouble value(Series readings) {
        return readings.mean();
    }

    @Override
    public Optional<String> remark() {
        return seen.isEmpty() || reasons.equals(HEAT) // which the other says already
                ? Optional.empty()
                : Optional.of("the card was slowed down: "
                        + seen.stream().map(Reason::toString).collect(Collectors.joining(", ")));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String metric() {
        return metric;
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
