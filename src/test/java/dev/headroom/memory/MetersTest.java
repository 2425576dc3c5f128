package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.LlamaDevice;
import dev.headroom.memory.Meters.Source;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MetersTest {
    private static FakeMeter meter(Metric metric) {
        return new FakeMeter(metric, () -> OptionalLong.of(1));
    }

    private static FakeMeter meter(Metric metric, String card) {
        return new FakeMeter(metric, () -> OptionalLong.of(1)) {
            @Override
            public Optional<String> card() {
                return Optional.of(card);
            }
        };
    }

    @Test
    void opensWorkingMetersAndKeepsReasonsForTheOthers() {
        FakeMeter first = meter(Metric.RAM_PEAK);
        FakeMeter second = meter(Metric.RAM_PEAK);
        Meters meters = Meters.open(List.of(
                new Source("a", () -> {
                    throw new MeterUnavailable("there is no such card");
                }),
                new Source("b", () -> List.of(first)),
                new Source("c", () -> {
                    throw new UnsatisfiedLinkError("no dispatch library");
                }),
                new Source("d", () -> List.of(second))));
        assertThat(meters.working()).containsExactly(first, second);
        assertThat(meters.serving()).containsExactly(first);
        assertThat(meters.unavailable())
                .extracting(Object::toString)
                .containsExactly(
                        "a: there is no such card", "c: native access does not work here: no dispatch library");
        meters.close();
        assertThat(first.closed() && second.closed()).isTrue();
    }

    @Test
    void meterOfTheModelsCardServes() {
        Meter host = meter(Metric.RAM_PEAK);
        Meter one = meter(Metric.VRAM_PEAK, "0000:01:00.0");
        Meter two = meter(Metric.VRAM_PEAK, "0000:02:00.0");
        List<Meter> all = new Meters(List.of(host, one, two), List.of()).serving();
        assertThat(all).containsExactly(host, one, two);
        assertThat(Meters.of(all, Metric.VRAM_PEAK, "0000:02:00.0")).contains(two);
        assertThat(Meters.of(all, Metric.VRAM_PEAK, "0000:03:00.0"))
                .as("no meter rather than another card's")
                .isEmpty();
        assertThat(Meters.of(all, Metric.VRAM_PEAK, null)).contains(one);
        assertThat(Meters.of(all, Metric.VRAM_SHARED_PEAK, null)).isEmpty();
    }

    @Test
    void meterOfNoSingleCardServesAllCards() {
        Meter driver = meter(Metric.VRAM_PEAK, "0000:01:00.0");
        Meter second = meter(Metric.VRAM_PEAK, "0000:02:00.0");
        Meter system = meter(Metric.VRAM_PEAK);
        Meter shared = meter(Metric.VRAM_SHARED_PEAK);
        assertThat(new Meters(List.of(driver, system, second, shared), List.of()).serving())
                .containsExactly(driver, second, shared);
        assertThat(new Meters(List.of(system, driver, second), List.of()).serving())
                .containsExactly(system);
    }

    @Test
    void metersOfOtherSystemsGiveTheReason() {
        try (Meters meters = Meters.open()) {
            assertThat(meters.unavailable())
                    .filteredOn(meter -> meter.reason().startsWith("this is not "))
                    .extracting(Meters.Unavailable::name)
                    .containsAnyOf("pdh", "metal.process");
        }
    }

    @Test
    void everyServingMeterOfThisMachineHasAValue() {
        try (Meters meters = Meters.open()) {
            assertThat(meters.unavailable())
                    .allSatisfy(u -> assertThat(u.reason()).isNotBlank().doesNotContain("\n"));
            for (Meter meter : meters.serving()) {
                if (meter.metric().signal().startsWith("ram")) {
                    long least = meter.metric() == Metric.RAM_SWAP_PEAK ? 0 : 1 << 20;
                    assertThat(meter.read().orElseThrow()).isBetween(least, 1L << 45);
                }
            }
        }
    }

    @Test
    void ggmlAddsUpGpusThatReportMemory() {
        assertThat(GgmlDevice.used(List.of(
                        device(LlamaDevice.Type.CPU, 100, 10),
                        device(LlamaDevice.Type.GPU, 100, 60),
                        device(LlamaDevice.Type.IGPU, 50, 49),
                        new LlamaDevice("x", "x", LlamaDevice.Type.GPU, 7L, null))))
                .hasValue(41);
        assertThat(GgmlDevice.used(List.of(device(LlamaDevice.Type.CPU, 100, 10))))
                .isEmpty();
        assertThat(GgmlDevice.used(List.of(device(LlamaDevice.Type.GPU, 100, 100))))
                .as("all memory free")
                .isEmpty();
        assertThat(GgmlDevice.used(List.of(device(LlamaDevice.Type.GPU, 10, 100))))
                .as("free above total")
                .isEmpty();
    }

    private static LlamaDevice device(LlamaDevice.Type type, long total, long free) {
        return new LlamaDevice("d", "d", type, total, free);
    }
}
