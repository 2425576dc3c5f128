package dev.headroom.memory;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of an AMD card, whoever uses it, as amdgpu tells it in sysfs, in bytes: {@code mem_info_vram_used} on the card
 * and {@code mem_info_gtt_used} of system RAM that it has mapped, where allocations go that do not fit (kernel
 * documentation, GPU driver "amdgpu", memory information).
 */
final class AmdDevice implements Meter {
    private static final String DRIVER = "amdgpu";

    /** What is read of a card. */
    enum Reading {
        VRAM("amd.vram", "vram.peak", "mem_info_vram_used"),
        GTT("amd.gtt", "vram.shared.peak", "mem_info_gtt_used");

        private final String meter;
        private final String metric;
        private final String file;

        Reading(String meter, String metric, String file) {
            this.meter = meter;
            this.metric = metric;
            this.file = file;
        }
    }

    private final DrmCards.Card card;
    private final Reading reading;
    private final KernelFile file;

    private AmdDevice(DrmCards.Card card, Reading reading, KernelFile file) {
        this.card = card;
        this.reading = reading;
        this.file = file;
    }

    static List<Meter> open(Reading reading) throws MeterUnavailable {
        return open(DrmCards.list(), reading);
    }

    static List<Meter> open(List<DrmCards.Card> cards, Reading reading) throws MeterUnavailable {
        List<Meter> meters = new ArrayList<>();
        for (DrmCards.Card card : cards) {
            Path path = card.device().resolve(reading.file);
            if (card.driver().equals(DRIVER) && Files.isReadable(path)) {
                AmdDevice meter = new AmdDevice(card, reading, KernelFile.open(path));
                if (meter.read().isPresent()) {
                    meters.add(meter);
                } else {
                    meter.close();
                }
            }
        }
        if (meters.isEmpty()) {
            throw new MeterUnavailable("no card here has a " + reading.file + " of " + DRIVER);
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        return file.readNumber();
    }

    @Override
    public Optional<String> card() {
        return Optional.of(card.pciId());
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
        return Semantics.RESIDENT;
    }

    @Override
    public void close() {
        file.close();
    }
}
