package dev.headroom.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What an NVIDIA card draws: energy by its own counter where it has one, power by polling where it has not. */
public final class GpuEnergy implements Gauge {
    private final Nvml.Card card;
    private final Optional<String> pciId;
    private final boolean counting;
    private OptionalLong start = OptionalLong.empty();

    private GpuEnergy(Nvml.Card card) {
        this.card = card;
        pciId = card.pciId();
        counting = card.millijoules().isPresent();
    }

    /** One for each card that tells energy or power; none where there is no such card. */
    public static List<GpuEnergy> open() {
        try {
            return open(Nvml.open());
        } catch (MeterUnavailable | LinkageError e) {
            // The meters of memory meet the same driver and report the same reason.
            return List.of();
        }
    }

    static List<GpuEnergy> open(Nvml nvml) throws MeterUnavailable {
        List<GpuEnergy> gauges = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            if (card.millijoules().isPresent() || card.milliwatts().isPresent()) {
                gauges.add(new GpuEnergy(card));
            }
        }
        if (gauges.isEmpty()) {
            throw nvml.refusal("this NVIDIA driver tells neither energy nor power");
        }
        return gauges;
    }

    /** The card's PCI id, as {@link Cards#pciId} writes it. */
    public Optional<String> card() {
        return pciId;
    }

    /** Whether the card counts energy, as NVIDIA's do since Volta; then there is no need to poll its power. */
    public boolean counting() {
        return counting;
    }

    /** Begins to count anew. */
    public void start() {
        start = card.millijoules();
    }

    /** Energy drawn since {@link #start} in J; empty where the card does not tell. */
    public OptionalDouble joules() {
        OptionalLong now = start.isPresent() ? card.millijoules() : start;
        return now.isPresent() && now.getAsLong() >= start.getAsLong()
                ? OptionalDouble.of((now.getAsLong() - start.getAsLong()) / 1e3)
                : OptionalDouble.empty();
    }

    /** Power in mW, averaged by the driver over as long as the card averages: up to a second. */
    @Override
    public OptionalLong read() {
        return card.milliwatts();
    }

    @Override
    public String name() {
        return "nvml.power";
    }

    @Override
    public void close() {
        card.nvml().close();
    }
}
