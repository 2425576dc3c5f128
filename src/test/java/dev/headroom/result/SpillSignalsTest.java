package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.CellResult.MemoryDetails;
import dev.headroom.result.CellResult.Protocol;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.Spill.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A card of 16,384 MiB, and the speed of a model whose tokens take 10 ms, and 10 ms more at 10,000 tokens. */
class SpillSignalsTest {
    private static final Map<String, String> WSL = Map.of("os", "Linux", "wsl", "2");
    private static final Map<String, String> LINUX = Map.of("os", "Linux");
    private static final List<String> GPU = List.of("CUDA0");

    private final List<CellResult> cells = new ArrayList<>();
    private Map<String, String> facts = WSL;
    private List<String> devices = GPU;
    private List<Noise> noise = List.of();

    private static double speed(int depth) {
        return 1000 / (10 + depth / 1000.0);
    }

    private void cell(int depth, double speed, Map<Metric, Double> values) {
        TreeMap<Metric, MetricValue> metrics = new TreeMap<>();
        values.forEach((metric, value) -> metrics.put(metric, metric.value(value)));
        cells.add(new CellResult(
                "cell-" + depth,
                "TokenGeneration",
                "thrpt",
                "tokens/s",
                Map.of("contextLength", Integer.toString(depth)),
                Map.of(),
                new Protocol(1, 1, 1, "1000ms"),
                Status.OK,
                null,
                List.of(),
                new Score(speed, null, 1, null),
                metrics,
                List.of(new CellResult.ForkSummary(1, speed, null, new TreeMap<>())),
                new MemoryDetails(
                        new Observed(true, 33, 33, devices, List.of()),
                        Map.of("start", Map.of("vram.shared", 80.0)),
                        List.of(),
                        null,
                        null),
                noise));
    }

    /** The verdict on the last cell, with two smaller ones that fit. */
    private Spill last(double slower, double vram, @Nullable Double shared) {
        Map<Metric, Double> small = new LinkedHashMap<>(Map.of(Metric.VRAM_PEAK, 5000.0));
        Map<Metric, Double> large = new LinkedHashMap<>(Map.of(Metric.VRAM_PEAK, vram));
        if (shared != null) {
            small.put(Metric.VRAM_SHARED_PEAK, 90.0);
            large.put(Metric.VRAM_SHARED_PEAK, shared);
        }
        cell(512, speed(512), small);
        cell(8192, speed(8192), small);
        cell(60000, speed(60000) / slower, large);
        return judged();
    }

    private Run.PlaceFacts place() {
        Run.Llama llama = new Run.Llama(
                "v0.4.0", null, "libllama.so", List.of(new Run.Device("CUDA0", "a card", "gpu", 16384.0)), null, null);
        return new Run.PlaceFacts(new NamedValues("wsl2", facts), llama, List.of(), Map.of());
    }

    private Spill judged() {
        List<CellResult> all = SpillSignals.judge(cells, cell -> place());
        assertThat(all).hasSameSizeAs(cells);
        return Objects.requireNonNull(all.get(all.size() - 1).memory().spill());
    }

    @Test
    void cardWithRoomDoesNotSpill() {
        assertThat(last(1, 12000, null)).isEqualTo(new Spill(Verdict.NONE, List.of()));
    }

    @Test
    void fullCardAndSlowTokensAreASpill() {
        Spill spill = last(2, 16300, null);

        assertThat(spill.verdict()).isEqualTo(Verdict.SPILLED);
        assertThat(spill.evidence())
                .containsExactly(
                        "16300 of the card's 16384 MiB are in use",
                        "a token takes 2.0 times the time that smaller depths lead to expect",
                        "no meter here measures shared memory");
    }

    @Test
    void busyGpuWithIdleMemoryOnAFullCardIsASpill() {
        cell(
                60000,
                speed(60000),
                Map.of(Metric.VRAM_PEAK, 16300.0, Metric.GPU_UTILIZATION, 99.0, Metric.GPU_UTILIZATION_MEMORY, 2.0));

        assertThat(judged().verdict()).isEqualTo(Verdict.SPILLED);
        assertThat(judged().evidence()).contains("the GPU is busy while its memory is idle");
    }

    @Test
    void spillIsAWarningWithItsEvidence() {
        last(2, 16300, null);

        assertThat(Warning.Spilled.of(SpillSignals.judge(cells, cell -> place())))
                .extracting(Warning::text)
                .containsExactly("The model left its memory in 1 cell (cell-60000: 16300 of the card's 16384 MiB are in"
                        + " use, a token takes 2.0 times the time that smaller depths lead to expect, no meter here"
                        + " measures shared memory). Use a shorter context, or a smaller quantization or KV type.");
    }

    @Test
    void fullCardWithoutAMeterForSharedMemoryIsUnknown() {
        assertThat(last(1, 16300, null).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void fullCardWhoseSharedMemoryDoesNotGrowFits() {
        assertThat(last(1, 16220, 100.0).verdict()).isEqualTo(Verdict.NONE);
    }

    @Test
    void sharedMemoryAndSlowTokensAreASpill() {
        assertThat(last(4, 14200, 1200.0).verdict()).isEqualTo(Verdict.SPILLED);
    }

    @Test
    void sharedMemoryAtFullSpeedIsOnlySuspected() {
        assertThat(last(1, 16300, 900.0).verdict()).isEqualTo(Verdict.SUSPECTED);
    }

    @Test
    void slowTokensOnACardWithRoomAreNoSpill() {
        assertThat(last(4, 9000, null).verdict()).isEqualTo(Verdict.NONE);
    }

    @Test
    void cardWithoutAMeterFitsIfItsDriverRefuses() {
        cell(512, speed(512), Map.of());
        assertThat(judged().verdict()).isEqualTo(Verdict.UNKNOWN);

        facts = LINUX;
        assertThat(judged().verdict()).isEqualTo(Verdict.NONE);
    }

    /** The driver refuses what does not fit, so a full card holds all of the model. */
    @Test
    void fullCardOnLinuxFits() {
        facts = LINUX;

        assertThat(last(2, 16300, null).verdict()).isEqualTo(Verdict.NONE);
    }

    @Test
    void driverOfLinuxMaySpillIfAVariableAllowsIt() {
        facts = Map.of("os", "Linux", "GGML_CUDA_ENABLE_UNIFIED_MEMORY", "1");

        assertThat(last(2, 16300, null).verdict()).isEqualTo(Verdict.SPILLED);
    }

    @Test
    void modelLargerThanRamThatFaultsIsASpill() {
        facts = Map.of("os", "Linux", "memoryLimitMiB", "2048");
        devices = List.of();
        cell(512, 2, Map.of(Metric.RAM_PEAK, 2000.0, Metric.RAM_FAULTS_MAJOR, 9000.0));

        assertThat(judged().verdict()).isEqualTo(Verdict.SPILLED);
        assertThat(judged().evidence())
                .containsExactly(
                        "2000 of 2048 MiB of RAM are in use", "9000 page faults in an iteration waited for a disk");
    }

    @Test
    void modelLargerThanRamUnderMemoryPressureIsASpill() {
        facts = Map.of("os", "Linux", "memoryLimitMiB", "240");
        devices = List.of();
        noise = List.of(new Noise(Noise.Kind.MEMORY_PRESSURE, 7.3, null));
        cell(64, 0.24, Map.of(Metric.RAM_CGROUP_PEAK, 240.0, Metric.RAM_FAULTS_MAJOR, 23.0));

        assertThat(judged())
                .isEqualTo(new Spill(
                        Verdict.SPILLED,
                        List.of("240 of 240 MiB of RAM are in use", "processes waited for memory 7.3 % of the time")));
    }

    @Test
    void firstReadOfAModelIsNoSpill() {
        facts = Map.of("os", "Linux", "memoryTotalMiB", "24000");
        devices = List.of();
        cell(512, 2, Map.of(Metric.RAM_PEAK, 2000.0, Metric.RAM_FAULTS_MAJOR, 9000.0));

        assertThat(judged()).isEqualTo(new Spill(Verdict.NONE, List.of()));
    }
}
