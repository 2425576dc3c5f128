package dev.headroom.fork;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Plan;
import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.ForkSummary;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Iteration.Sample;
import dev.headroom.result.Json;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class JmhResultsTest {
    @Test
    void forksAreMergedAsJmhMergesThem() {
        CellResult cell = JmhResults.cellResult(
                cell("TokenGeneration"), List.of(fork(1, 100, 102, 104), fork(2, 110, 112, 114)), null);

        assertThat(cell.status()).isEqualTo(Status.OK);
        assertThat(requireNonNull(cell.score()).value()).isCloseTo(107, within(1e-9));
        assertThat(requireNonNull(cell.score()).samples()).isEqualTo(6);
        // Student's t for 99.9 % and 5 degrees of freedom is 6.8688; the samples' standard deviation is 5.7619
        assertThat(requireNonNull(cell.score()).error()).isCloseTo(6.8688 * 5.761944 / Math.sqrt(6), within(1e-3));
    }

    @Test
    void peaksAreMergedByMaximum() {
        CellResult cell = JmhResults.cellResult(
                cell("TokenGeneration"), List.of(fork(1, 100, 101, 102), fork(2, 90, 91, 92)), null);

        assertThat(cell.metrics().get(Metric.RAM_PEAK)).isEqualTo(Metric.RAM_PEAK.value(102));
    }

    @Test
    void everyGoodForkIsASample() {
        CellResult cell = JmhResults.cellResult(
                cell("TokenGeneration"),
                List.of(fork(1, 100, 101, 102), ForkResult.refused("c", 2, "no room", "t"), fork(3, 90, 91, 92)),
                null);

        assertThat(cell.samples())
                .containsExactly(
                        new ForkSummary(1, 101, null, new TreeMap<>(Map.of(Metric.RAM_PEAK, 102.0))),
                        new ForkSummary(3, 91, null, new TreeMap<>(Map.of(Metric.RAM_PEAK, 92.0))));
    }

    @Test
    void incompleteMeansAreAbsentAndIncompleteMaximaAreNot() {
        ForkResult fork = new ForkResult(
                "c",
                1,
                Status.OK,
                null,
                List.of(),
                "t",
                1,
                List.of(
                        iteration(
                                1,
                                Metric.GPU_POWER,
                                70,
                                Metric.GPU_CLOCK_SM,
                                1500,
                                Metric.GPU_TEMPERATURE,
                                60,
                                Metric.VRAM_SAMPLES,
                                5),
                        iteration(2, Metric.GPU_POWER, 80, Metric.GPU_TEMPERATURE, 64, Metric.VRAM_SAMPLES, 7),
                        iteration(3, Metric.GPU_POWER, 90)),
                null,
                null,
                List.of(),
                List.of());

        CellResult cell = JmhResults.cellResult(cell("TokenGeneration"), List.of(fork), null);

        assertThat(cell.metrics())
                .containsOnlyKeys(Metric.GPU_POWER, Metric.GPU_TEMPERATURE, Metric.VRAM_SAMPLES)
                .containsEntry(Metric.GPU_POWER, Metric.GPU_POWER.value(80))
                .containsEntry(Metric.GPU_TEMPERATURE, Metric.GPU_TEMPERATURE.value(64))
                .containsEntry(Metric.VRAM_SAMPLES, Metric.VRAM_SAMPLES.value(12));
    }

    private static Iteration iteration(int number, Object... metrics) {
        TreeMap<Metric, MetricValue> all = new TreeMap<>();
        for (int i = 0; i < metrics.length; i += 2) {
            Metric metric = (Metric) metrics[i];
            all.put(metric, metric.value((int) metrics[i + 1]));
        }
        return new Iteration(number, 1, all, null);
    }

    @Test
    void everyModeSurvivesTheJournal() throws JsonProcessingException {
        for (String benchmark : List.of("TokenGeneration", "PromptProcessing", "NativeCall", "ModelLoad")) {
            ForkResult journalled = Json.read(Json.line(fork(1, 61.875, 62.125)), ForkResult.class);

            CellResult cell = JmhResults.cellResult(cell(benchmark), List.of(journalled), null);

            assertThat(requireNonNull(cell.score()).value()).as(benchmark).isCloseTo(62, within(1e-6));
        }
    }

    @Test
    void sampledTimesKeepTheirDistribution() throws JsonProcessingException {
        List<Sample> samples = new ArrayList<>();
        for (int i = 1; i <= 99; i++) {
            samples.add(new Sample(i * 100_000L, 1));
        }
        samples.add(new Sample(50_000_000, 1));
        Iteration iteration = new Iteration(1, 5.45, new TreeMap<>(), samples);
        ForkResult fork = new ForkResult(
                "c", 1, Status.OK, null, List.of(), "t", 1, List.of(iteration), null, null, List.of(), List.of());
        ForkResult journalled = Json.read(Json.line(fork), ForkResult.class);

        CellResult cell = JmhResults.cellResult(cell("TokenLatency"), List.of(journalled), null);

        assertThat(requireNonNull(cell.score()).samples()).isEqualTo(100);
        assertThat(requireNonNull(cell.score()).value()).isCloseTo(5.45, within(0.02));
        assertThat(requireNonNull(requireNonNull(cell.score()).percentiles()).get("50"))
                .isCloseTo(5.05, within(0.06));
        assertThat(requireNonNull(requireNonNull(cell.score()).percentiles()).get("95"))
                .isCloseTo(9.6, within(0.1));
    }

    @Test
    void failedForkSetsTheStatusAndGoodForksTheScore() {
        ForkResult bad = ForkResult.refused("c", 2, "no room", "t");

        CellResult cell = JmhResults.cellResult(cell("TokenGeneration"), List.of(fork(1, 50), bad), null);

        assertThat(cell.status()).isEqualTo(Status.REFUSED);
        assertThat(cell.reason()).isEqualTo("no room");
        assertThat(requireNonNull(cell.score()).value()).isCloseTo(50, within(1e-9));
    }

    @Test
    void cellThatNeverRanIsCancelled() {
        CellResult cell = JmhResults.cellResult(cell("TokenGeneration"), List.of(), null);

        assertThat(cell.status()).isEqualTo(Status.CANCELLED);
        assertThat(cell.score()).isNull();
    }

    @Test
    void jsonHasWhatJmhVisualizerReads() throws JsonProcessingException {
        Cell cell = cell("TokenGeneration");
        String json = JmhResults.json(List.of(JmhResults.merged(cell, List.of(fork(1, 100, 102), fork(2, 104, 106)))
                .orElseThrow()));

        JsonNode one = new ObjectMapper().readTree(json).get(0);

        assertThat(one.get("benchmark").asText()).isEqualTo("dev.headroom.bench.TokenGeneration.generateToken");
        assertThat(one.get("mode").asText()).isEqualTo("thrpt");
        assertThat(one.get("forks").asInt()).isEqualTo(2);
        assertThat(one.get("params").get("contextLength").asText()).isEqualTo("512");
        assertThat(one.get("primaryMetric").get("rawData")).hasSize(2);
        assertThat(one.get("secondaryMetrics").get("·ram.peak").get("score").asDouble())
                .isEqualTo(106);
    }

    private static Cell cell(String benchmark) {
        return Plan.parse("test", "test", "benchmarks=" + benchmark + "\nforks=1")
                .cells()
                .get(0);
    }

    /** The RAM peak of each iteration equals its score. */
    private static ForkResult fork(int number, double... scores) {
        List<Iteration> iterations = new ArrayList<>();
        for (double score : scores) {
            iterations.add(new Iteration(
                    iterations.size() + 1,
                    score,
                    new TreeMap<>(Map.of(Metric.RAM_PEAK, Metric.RAM_PEAK.value(score))),
                    null));
        }
        return new ForkResult(
                "c", number, Status.OK, null, List.of(), "t", 1, iterations, null, null, List.of(), List.of());
    }
}
