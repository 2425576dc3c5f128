package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Memory of an NVIDIA card, in bytes. {@code used} counts all processes and the driver's own memory; it comes from the
 * first version of {@code nvmlDeviceGetMemoryInfo}. {@code reserved} is the driver's own memory alone; it comes from
 * the second version. {@code used} of the second version is never read: drivers disagree on whether it includes
 * {@code reserved}.
 */
final class NvmlDevice extends NvmlGauge implements Meter {
    /** The two kinds of memory. */
    enum Reading {
        USED(new Signal("nvml.device", Metric.VRAM_PEAK, Scope.DEVICE, Semantics.RESIDENT), Nvml.Card::used),
        RESERVED(
                new Signal("nvml.reserved", Metric.VRAM_RESERVED, Scope.DEVICE, Semantics.RESERVED),
                Nvml.Card::reserved);

        private final Signal signal;
        private final Function<Nvml.Card, OptionalLong> value;

        Reading(Signal signal, Function<Nvml.Card, OptionalLong> value) {
            this.signal = signal;
            this.value = value;
        }
    }

    private final Reading reading;

    private NvmlDevice(Nvml.Card card, Reading reading) {
        super(card);
        this.reading = reading;
    }

    static List<Meter> open(Nvml nvml, Reading reading) throws MeterUnavailable {
        List<Meter> meters = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            if (reading.value.apply(card).isPresent()) {
                meters.add(new NvmlDevice(card, reading));
            }
        }
        if (meters.isEmpty()) {
            throw nvml.unavailable("this NVIDIA driver does not report it");
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        return reading.value.apply(device);
    }

    @Override
    public Signal signal() {
        return reading.signal;
    }
}
