package dev.headroom.memory;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What an NVIDIA card draws by its own energy counter, which cards have since Volta; as energy, or as mean power. */
final class NvmlEnergy implements Sensor, Resettable {
    private final Nvml.Card card;
    private final boolean asPower;
    private final Optional<String> pciId;
    private OptionalLong startMillijoules = OptionalLong.empty();
    private long startNanos;

    private NvmlEnergy(Nvml.Card card, boolean asPower) {
        this.card = card;
        this.asPower = asPower;
        pciId = card.pciId();
    }

    static Sensor energy(Nvml.Card card) {
        return new NvmlEnergy(card, false);
    }

    static Sensor power(Nvml.Card card) {
        return new NvmlEnergy(card, true);
    }

    @Override
    public void reset() {
        startMillijoules = card.millijoules();
        startNanos = System.nanoTime();
    }

    /** Energy since {@link #reset} in mJ, or mean power since then in mW. */
    @Override
    public OptionalLong read() {
        OptionalLong now = card.millijoules();
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        if (now.isEmpty() || startMillijoules.isEmpty() || now.getAsLong() < startMillijoules.getAsLong()) {
            return OptionalLong.empty();
        }
        long drawn = now.getAsLong() - startMillijoules.getAsLong();
        return OptionalLong.of(asPower ? Math.round(drawn / seconds) : drawn);
    }

    @Override
    public OptionalDouble value(Series readings) {
        return readings.mean().stream().map(value -> value / 1e3).findFirst();
    }

    @Override
    public String name() {
        return "nvml.energy";
    }

    @Override
    public String metric() {
        return asPower ? "gpu.power" : "gpu.energy";
    }

    @Override
    public String unit() {
        return asPower ? "W" : "J";
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
