package dev.headroom.memory;

import dev.headroom.llama.Phase;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What meters say when a fork reaches its phases, the first time that it does. The meters are its own: others are read
 * by the sampler's thread meanwhile.
 */
public final class PhaseReadings {
    private static final String PEAK = ".peak";

    private final List<Meter> meters;
    private final Map<Phase, Map<Meter, Long>> readings = new EnumMap<>(Phase.class);

    /** Takes the meters of memory that tell what is in use now. */
    public PhaseReadings(Meters meters) {
        this.meters = new ArrayList<>(meters.working());
        this.meters.removeIf(PeakMeter.class::isInstance);
    }

    /** With every meter there is, and those that are too costly to be polled. */
    public static PhaseReadings open() {
        PhaseReadings readings = new PhaseReadings(Meters.open());
        try {
            readings.meters.add(LinuxPss.open());
        } catch (MeterUnavailable e) {
            return readings; // it has no metric that somebody would miss
        }
        return readings;
    }

    /**
     * Reads all meters, unless this phase has been reached before. Some tell the most there was since they were read
     * last: so all are read twice.
     *
     * @return whether it had not
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
     * What the meter behind a metric said in a phase, in bytes; empty if it said nothing or there was no such phase.
     */
    public synchronized OptionalLong of(Phase phase, String metric, Optional<String> card) {
        Map<Meter, Long> values = readings.getOrDefault(phase, Map.of());
        return Meters.of(meters, metric, card)
                .map(values::get)
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }

    /**
     * All that was read, in bytes: by phase, and in it by signal, which is a metric without {@code .peak}.
     *
     * @param card the card whose memory is meant
     */
    public synchronized Map<Phase, Map<String, Long>> all(Optional<String> card) {
        Map<Phase, Map<String, Long>> all = new EnumMap<>(Phase.class);
        for (Phase phase : readings.keySet()) {
            Map<String, Long> values = new LinkedHashMap<>();
            for (Meter meter : meters) {
                of(phase, meter.metric(), card)
                        .ifPresent(bytes -> values.put(meter.metric().replace(PEAK, ""), bytes));
            }
            all.put(phase, values);
        }
        return all;
    }
}
