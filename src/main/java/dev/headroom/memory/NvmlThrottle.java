package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Share of the readings, in %, in which an NVIDIA card was throttled. It also records the reasons. */
final class NvmlThrottle extends NvmlGauge implements Sensor {
    /**
     * Reasons for which a card runs below its configured clocks. Source: {@code nvmlClocksEventReasons} of nvml.h.
     * Three reasons of NVML are no throttling: an idle card, a clock set by the user, and synchronisation with another
     * card.
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

    /** All reasons but the power cap, at which a card under load normally runs. */
    private static final Set<Reason> HEAT = EnumSet.complementOf(EnumSet.of(Reason.POWER_CAP));

    private final String name;
    private final Metric metric;
    private final Set<Reason> reasons;
    private final Set<Reason> seen = EnumSet.noneOf(Reason.class);

    private NvmlThrottle(Nvml.Card card, String name, Metric metric, Set<Reason> reasons) {
        super(card);
        this.name = name;
        this.metric = metric;
        this.reasons = reasons;
    }

    /** Throttling for any reason. Its {@link #remark} names the reasons. */
    static NvmlThrottle any(Nvml.Card card) {
        return new NvmlThrottle(card, "nvml.throttle", Metric.GPU_THROTTLED, EnumSet.allOf(Reason.class));
    }

    /** Throttling by heat or hardware protection. */
    static NvmlThrottle heat(Nvml.Card card) {
        return new NvmlThrottle(card, "nvml.throttle.heat", Metric.GPU_THROTTLED_HEAT, HEAT);
    }

    /** 100 while the card is throttled, else 0. So the mean of the readings is the share in %. */
    @Override
    public OptionalLong read() {
        OptionalLong bits = device.clockReasons();
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
        return seen.isEmpty() || reasons.equals(HEAT) // the other sensor's remark has these reasons too
                ? Optional.empty()
                : Optional.of("the GPU was throttled: "
                        + seen.stream().map(Reason::toString).collect(Collectors.joining(", ")));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Metric metric() {
        return metric;
    }
}
