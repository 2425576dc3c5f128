package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Energy in J or mean power in W of an NVIDIA card, from its own energy counter. Cards since Volta have one. */
final class NvmlEnergy extends NvmlGauge implements Sensor, Resettable {
    private final boolean asPower;
    private @Nullable Long startMillijoules;
    private long startNanos;

    private NvmlEnergy(Nvml.Card card, boolean asPower) {
        super(card);
        this.asPower = asPower;
    }

    static Sensor energy(Nvml.Card card) {
        return new NvmlEnergy(card, false);
    }

    static Sensor power(Nvml.Card card) {
        return new NvmlEnergy(card, true);
    }

    @Override
    public void reset() {
        OptionalLong now = device.millijoules();
        startMillijoules = now.isPresent() ? now.getAsLong() : null;
        startNanos = System.nanoTime();
    }

    /** Energy since {@link #reset} in mJ, or mean power since then in mW. */
    @Override
    public OptionalLong read() {
        OptionalLong now = device.millijoules();
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        if (now.isEmpty() || startMillijoules == null || now.getAsLong() < startMillijoules) {
            return OptionalLong.empty();
        }
        long millijoules = now.getAsLong() - startMillijoules;
        return OptionalLong.of(asPower ? Math.round(millijoules / seconds) : millijoules);
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
    public Metric metric() {
        return asPower ? Metric.GPU_POWER : Metric.GPU_ENERGY;
    }
}
