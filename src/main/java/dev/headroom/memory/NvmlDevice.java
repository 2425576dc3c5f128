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
        USED("nvml.device", "vram.peak", Semantics.RESIDENT) {
            @Override
            OptionalLong of(Nvml.Card card) {
                return card.used();
            }
        },
        RESERVED("nvml.reserved", "vram.reserved", Semantics.RESERVED) {
            @Override
            OptionalLong of(Nvml.Card card) {
                return card.reserved();
            }
        };

        private final String meter;
        private final String metric;
        private final Semantics semantics;

        Reading(String meter, String metric, Semantics semantics) {
            this.meter = meter;
            this.metric = metric;
            this.semantics = semantics;
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
    public String name() {
        return reading.meter;
    }

    @Override
    public String metric() {
        return reading.metric;
    }

    @Override
    public Scope scope() {
        return Scope.DEVICE;
    }

    @Override
    public Semantics semantics() {
        return reading.semantics;
    }

    @Override
    public void close() {
        card.nvml().close();
    }
}
