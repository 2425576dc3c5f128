package dev.headroom.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of an NVIDIA card, whoever uses it: {@code used} of {@code nvmlDeviceGetMemoryInfo}, first version, which
 * counts what the driver keeps for itself; and beside it {@code reserved} of the second version, which is that part
 * alone. Drivers disagree on whether {@code used} of the second version counts it, so that one is never read.
 */
final class NvmlDevice implements Meter {
    /** What is read from a card. */
    private enum Reading {
        USED(new Signal("nvml.device", "vram.peak", Scope.DEVICE, Semantics.RESIDENT)) {
            @Override
            OptionalLong of(Nvml.Card card) {
                return card.used();
            }
        },
        RESERVED(new Signal("nvml.reserved", "vram.reserved", Scope.DEVICE, Semantics.RESERVED)) {
            @Override
            OptionalLong of(Nvml.Card card) {
                return card.reserved();
            }
        };

        private final Signal signal;

        Reading(Signal signal) {
            this.signal = signal;
        }

        abstract OptionalLong of(Nvml.Card card);
    }

    private final Nvml.Card card;
    private final Reading reading;
    private final Optional<String> pciId;

    private NvmlDevice(Nvml.Card card, Reading reading) {
        this.card = card;
        this.reading = reading;
        pciId = card.pciId();
    }

    static List<Meter> openUsed(Nvml nvml) throws MeterUnavailable {
        return open(nvml, Reading.USED);
    }

    static List<Meter> openReserved(Nvml nvml) throws MeterUnavailable {
        return open(nvml, Reading.RESERVED);
    }

    private static List<Meter> open(Nvml nvml, Reading reading) throws MeterUnavailable {
        List<Meter> meters = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            if (reading.of(card).isPresent()) {
                meters.add(new NvmlDevice(card, reading));
            }
        }
        if (meters.isEmpty()) {
            throw nvml.refusal("this NVIDIA driver does not tell it");
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        return reading.of(card);
    }

    @Override
    public Optional<String> card() {
        return pciId;
    }

    @Override
    public Signal signal() {
        return reading.signal;
    }

    @Override
    public void close() {
        card.nvml().close();
    }
}
