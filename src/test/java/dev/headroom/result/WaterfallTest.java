package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.headroom.result.Observed.BufferSize;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WaterfallTest {
    private static final List<BufferSize> BUFFERS = List.of(
            new BufferSize("model", "CUDA0", 4000),
            new BufferSize("model", "CUDA1", 3000),
            new BufferSize("model", "CPU_Mapped", 300),
            new BufferSize("kv", "CUDA0", 1000),
            new BufferSize("recurrent", "CUDA0", 8),
            new BufferSize("compute", "CUDA0", 258.5),
            new BufferSize("compute", "CUDA_Host", 16),
            new BufferSize("output", "CUDA_Host", 0.5));

    private static final Map<String, Map<String, Double>> PHASES = Map.of(
            "start", Map.of("vram", 900.0, "ram", 45.0),
            "backend", Map.of("vram", 900.0, "ram", 145.0),
            "model", Map.of("vram", 5230.0, "ram", 500.0));

    private static ForkResult fork(
            @Nullable ForkMemory memory, List<String> devices, Map<String, Double> first, Map<String, Double> second) {
        return new ForkResult(
                "cell",
                1,
                Status.OK,
                null,
                List.of(),
                "t",
                1,
                List.of(iteration(first), iteration(second)),
                new Observed(true, 33, 33, devices, BUFFERS),
                memory,
                List.of(),
                List.of());
    }

    private static Iteration iteration(Map<String, Double> metrics) {
        TreeMap<Metric, MetricValue> values = new TreeMap<>();
        metrics.forEach((label, value) -> {
            Metric metric = Metric.labelled("·" + label).orElseThrow();
            values.put(metric, metric.value(value));
        });
        return new Iteration(1, 1, values, null);
    }

    private static double sum(Waterfall waterfall) {
        return waterfall.parts().values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }

    @Test
    void vramPeakHasItsParts() {
        ForkResult fork = fork(
                new ForkMemory(PHASES, List.of()),
                List.of("CUDA0", "CUDA1"),
                Map.of("vram.peak", 6600.0, "vram.baseline", 900.0, "vram.reserved", 500.0),
                Map.of("vram.peak", 6640.0, "vram.baseline", 900.0, "vram.reserved", 500.0));
        Waterfall waterfall = Waterfall.vram(fork).orElseThrow();
        assertThat(waterfall.peak()).isEqualTo(6640);
        assertThat(waterfall.parts())
                .containsExactly(
                        entry("reserved", 500.0),
                        entry("others", 400.0),
                        entry("context", 330.0),
                        entry("weights", 4000.0),
                        entry("kv", 1008.0),
                        entry("compute", 258.5),
                        entry("residual", 143.5));
        assertThat(sum(waterfall)).isEqualTo(waterfall.peak());
        assertThat(waterfall.parts().keySet()).isSubsetOf(Waterfall.PARTS.get("vram"));
    }

    @Test
    void unknownPartsAreUnexplained() {
        ForkResult fork = fork(
                null,
                List.of("CUDA0"),
                Map.of("vram.peak", 6600.0, "vram.baseline", 900.0),
                Map.of("vram.peak", 6600.0, "vram.baseline", 900.0));
        Waterfall waterfall = Waterfall.vram(fork).orElseThrow();
        assertThat(waterfall.parts()).doesNotContainKeys("reserved", "context").containsEntry("residual", 433.5);
        assertThat(sum(waterfall)).isEqualTo(6600);
    }

    @Test
    void unexplainedPartMayBeNegative() {
        ForkResult fork = fork(
                null,
                List.of("CUDA0"),
                Map.of("vram.peak", 900.0, "vram.baseline", 900.0),
                Map.of("vram.peak", 900.0, "vram.baseline", 900.0));
        assertThat(Waterfall.vram(fork).orElseThrow().parts()).containsEntry("residual", -5266.5);
    }

    @Test
    void ramPeakHasItsParts() {
        ForkResult fork = fork(
                new ForkMemory(PHASES, List.of()),
                List.of("CUDA0", "CUDA1"),
                Map.of("ram.peak", 550.0),
                Map.of("ram.peak", 520.0));
        Waterfall waterfall = Waterfall.ram(fork).orElseThrow();
        assertThat(waterfall.parts())
                .containsExactly(
                        entry("java", 45.0),
                        entry("backend", 100.0),
                        entry("weights", 300.0),
                        entry("kv", 0.0),
                        entry("compute", 16.0),
                        entry("output", 0.5),
                        entry("residual", 88.5));
        assertThat(sum(waterfall)).isEqualTo(550);
        assertThat(waterfall.parts().keySet()).isSubsetOf(Waterfall.PARTS.get("ram"));
    }

    @Test
    void withoutMeasurementThereIsNoWaterfall() {
        ForkResult fork = fork(null, List.of(), Map.of("ram.peak", 1.0), Map.of());
        assertThat(Waterfall.vram(fork)).isEmpty();
        assertThat(Waterfall.ram(fork)).isEmpty();
        assertThat(Waterfall.vram(ForkResult.refused("c", 1, "no", "t"))).isEmpty();
    }
}
