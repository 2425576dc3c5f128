package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/** Power in W, clocks in MHz, utilization in % or temperature in °C of an NVIDIA card, polled. */
public final class NvmlSensor extends NvmlGauge implements Sensor {
    private record Quantity(
            String sensor,
            Metric metric,
            Function<Nvml.Card, OptionalLong> reading,
            Function<Series, OptionalDouble> merge) {}

    private static final Quantity POWER =
            new Quantity("nvml.power", Metric.GPU_POWER, Nvml.Card::milliwatts, readings -> readings.mean().stream()
                    .map(mean -> mean / 1e3)
                    .findFirst());

    private static final List<Quantity> OTHERS = List.of(
            new Quantity("nvml.clock.sm", Metric.GPU_CLOCK_SM, Nvml.Card::smClock, Series::mean),
            new Quantity("nvml.clock.memory", Metric.GPU_CLOCK_MEMORY, Nvml.Card::memoryClock, Series::mean),
            new Quantity("nvml.utilization", Metric.GPU_UTILIZATION, Nvml.Card::gpuShare, Series::mean),
            new Quantity(
                    "nvml.utilization.memory", Metric.GPU_UTILIZATION_MEMORY, Nvml.Card::memoryShare, Series::mean),
            new Quantity(
                    "nvml.temperature", Metric.GPU_TEMPERATURE, Nvml.Card::celsius, readings -> readings.peak().stream()
                            .asDoubleStream()
                            .findFirst()));

    private final Quantity quantity;

    private NvmlSensor(Nvml.Card card, Quantity quantity) {
        super(card);
        this.quantity = quantity;
    }

    /** Opens all sensors that have a value, of all NVIDIA cards. Empty without such a card. */
    public static List<Sensor> open() {
        try {
            return open(Nvml.open());
        } catch (MeterUnavailable | LinkageError e) {
            return List.of(); // the memory meters use the same driver and report the reason
        }
    }

    static List<Sensor> open(Nvml nvml) throws MeterUnavailable {
        List<Sensor> sensors = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            if (card.millijoules().isPresent()) {
                sensors.add(NvmlEnergy.energy(card));
                sensors.add(NvmlEnergy.power(card));
            } else if (card.milliwatts().isPresent()) {
                sensors.add(new NvmlSensor(card, POWER));
            }
            OTHERS.stream()
                    .filter(quantity -> quantity.reading().apply(card).isPresent())
                    .forEach(quantity -> sensors.add(new NvmlSensor(card, quantity)));
            if (card.clockReasons().isPresent()) {
                sensors.add(NvmlThrottle.any(card));
                sensors.add(NvmlThrottle.heat(card));
            }
        }
        if (sensors.isEmpty()) {
            throw nvml.unavailable("this NVIDIA driver reports nothing but memory");
        }
        return sensors;
    }

    @Override
    public OptionalLong read() {
        return quantity.reading().apply(device);
    }

    @Override
    public OptionalDouble value(Series readings) {
        return quantity.merge().apply(readings);
    }

    @Override
    public String name() {
        return quantity.sensor();
    }

    @Override
    public Metric metric() {
        return quantity.metric();
    }
}
