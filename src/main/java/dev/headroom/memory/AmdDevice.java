package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory in use on an AMD card by all processes, in bytes, from the driver amdgpu in sysfs. {@code mem_info_vram_used}
 * is memory on the card. {@code mem_info_gtt_used} is system RAM that the card has mapped: allocations that do not fit
 * on the card go there. Source: kernel documentation, GPU driver "amdgpu", memory information.
 */
final class AmdDevice implements Meter {
    private static final String DRIVER = "amdgpu";

    /** The two kinds of memory. */
    enum Reading {
        VRAM(new Signal("amd.vram", Metric.VRAM_PEAK, Scope.DEVICE, Semantics.RESIDENT), "mem_info_vram_used"),
        GTT(new Signal("amd.gtt", Metric.VRAM_SHARED_PEAK, Scope.DEVICE, Semantics.RESIDENT), "mem_info_gtt_used");

        private final Signal signal;
        private final String file;

        Reading(Signal signal, String file) {
            this.signal = signal;
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
            throw new MeterUnavailable("no card here has the file " + reading.file + " of " + DRIVER);
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
    public Signal signal() {
        return reading.signal;
    }

    @Override
    public void close() {
        file.close();
    }
}
