package dev.headroom.memory;

import dev.headroom.llama.Phase;
import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The meters' values at the first time a fork reaches each phase. It has meters of its own, because the sampler's
 * thread reads the sampler's meters at the same time.
 */
public final class PhaseReadings {
    private final List<Meter> meters;
    private final Map<Phase, Map<Meter, Long>> readings = new EnumMap<>(Phase.class);

    /** Uses all working meters of current memory. Peak meters are left out. */
    public PhaseReadings(Meters meters) {
        this.meters = new ArrayList<>(meters.working());
        this.meters.removeIf(PeakMeter.class::isInstance);
    }

    /** Opens all meters, and the one that is too costly to be polled. */
    public static PhaseReadings open() {
        PhaseReadings readings = new PhaseReadings(Meters.open());
        try {
            readings.meters.add(LinuxPss.open());
        } catch (MeterUnavailable e) {
            return readings; // not Linux
        }
        return readings;
    }

    /**
     * Reads all meters, if the fork reaches this phase for the first time. Some meters first return the largest value
     * since their previous reading. So each meter is read twice.
     *
     * @return whether the meters were read
     */
    public synchronized boolean read(Phase phase) {
        if (readings.containsKey(phase)) {
            return false;
        }
        Map<Meter, Long> values = new HashMap<>();
        for (Meter meter : meters) {
            meter.read();
            meter.read().ifPresent(value -> values.put(meter, value));
        }
        readings.put(phase, values);
        return true;
    }

    /**
     * The value of a metric's meter in a phase, in bytes. Empty if the meter had none, or the phase was not reached.
     *
     * @param card PCI id; null if unknown
     */
    public synchronized OptionalLong of(Phase phase, Metric metric, @Nullable String card) {
        Map<Meter, Long> values = readings.getOrDefault(phase, Map.of());
        return Meters.of(meters, metric, card)
                .map(values::get)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    /**
     * All values in bytes, by phase and by signal. See {@link Metric#signal}.
     *
     * @param card PCI id; null if unknown
     */
    public synchronized Map<Phase, Map<String, Long>> all(@Nullable String card) {
        Map<Phase, Map<String, Long>> all = new EnumMap<>(Phase.class);
        for (Phase phase : readings.keySet()) {
            Map<String, Long> values = new LinkedHashMap<>();
            for (Meter meter : meters) {
                of(phase, meter.metric(), card)
                        .ifPresent(bytes -> values.put(meter.metric().signal(), bytes));
            }
            all.put(phase, values);
        }
        return all;
    }
}
