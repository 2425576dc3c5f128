package dev.headroom.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.MemoryDetails;
import dev.headroom.result.CellResult.Protocol;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Noise;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvTest {
    private static final Locale BEFORE = Locale.getDefault();

    @AfterEach
    void restoreLocale() {
        Locale.setDefault(BEFORE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"en-US", "de-DE", "ar-EG"})
    void rowIsTheSameInEveryLocale(String locale) throws IOException {
        Locale.setDefault(Locale.forLanguageTag(locale));

        CSVRecord row = only(CellsCsv.of(run(ok())));

        assertThat(row.get("score")).isEqualTo("1234.500");
        assertThat(row.get("score_error")).isEqualTo("0.012500000");
        assertThat(row.get("unit")).isEqualTo("tokens/s");
        assertThat(row.get("context_length")).isEqualTo("4096");
        assertThat(row.get("gpu_layers")).isEqualTo("-1");
        assertThat(row.get("ram_peak_mib")).isEqualTo("344.250000");
        assertThat(row.get("status")).isEqualTo("ok");
    }

    @Test
    void unmeasuredMetricHasAnEmptyColumn() throws IOException {
        CSVRecord row = only(CellsCsv.of(run(ok())));

        assertThat(row.get("vram_peak_mib")).isEmpty();
        assertThat(row.get("vram_samples")).isEmpty();
        assertThat(row.get("p99")).isEmpty();
    }

    @Test
    void recordedMetricGetsAColumn() throws IOException {
        assertThat(only(CellsCsv.of(run(ok()))).get("ggml_device_used_mib")).isEqualTo("7");
        assertThat(only(CellsCsv.of(run(ok()))).get("sampling_cost_percent")).isEqualTo("0.250000000");
    }

    @Test
    void partsOfAPeakHaveColumns() throws IOException {
        CSVRecord row = only(CellsCsv.of(run(ok())));
        assertThat(row.get("waterfall_ram_java_mib")).isEqualTo("40.500000");
        assertThat(row.get("waterfall_ram_residual_mib")).isEqualTo("-3.250000");
        assertThat(row.get("waterfall_ram_kv_mib")).isEmpty();
        assertThat(row.get("waterfall_vram_residual_mib")).isEmpty();
    }

    @Test
    void predictionsAreSummedOverPlaces() throws IOException {
        List<Prediction.Part> parts = List.of(
                new Prediction.Part("model", "CPU", 10.5, "formula"),
                new Prediction.Part("model", "CUDA0", 20, "formula"),
                new Prediction.Part("kv", "CUDA0", 4, "formula"),
                new Prediction.Part("recurrent", "CUDA0", 0.25, "simulation"));

        CSVRecord row = only(CellsCsv.of(run(ok(new Prediction(parts, null)))));

        assertThat(row.get("predicted_model_mib")).isEqualTo("30.500000");
        assertThat(row.get("predicted_kv_mib")).isEqualTo("4.250000");
        assertThat(row.get("predicted_compute_mib")).isEmpty();
        assertThat(only(CellsCsv.of(run(ok(new Prediction(parts, "copies of weights are not known")))))
                        .get("predicted_model_mib"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"=cmd|' /C calc'!A0", "@SUM(A1)", "+HYPERLINK(1)", "-2+3+cmd", "|x", "-1", "plain, \"quoted\""})
    void formulaTextGetsAnApostrophe(String reason) throws IOException {
        CellResult failed = failed(reason);

        String read = only(CellsCsv.of(run(failed))).get("reason");

        boolean dangerous = !reason.equals("-1") && !reason.startsWith("plain");
        assertThat(read).isEqualTo(dangerous ? "'" + reason : reason);
    }

    @Test
    void noiseIsNamed() throws IOException {
        ForkResult fork = new ForkResult(
                        "cell", 1, Status.OK, null, List.of(), "t", 3, List.of(), null, null, List.of(), List.of())
                .with(List.of(new Noise(Noise.Kind.SWAP, 400.0, null)));

        assertThat(only(CellsCsv.of(run(ok()))).get("noise")).isEqualTo("load memory-low");
        assertThat(only(IterationsCsv.of(run(ok()), List.of(fork))).get("noise"))
                .isEqualTo("swap");
    }

    @Test
    void iterationRowHasItsMetrics() throws IOException {
        Iteration first =
                new Iteration(1, 10.5, new TreeMap<>(Map.of(Metric.VRAM_PEAK, Metric.VRAM_PEAK.value(900))), null);
        Iteration second =
                new Iteration(2, 11.25, new TreeMap<>(Map.of(Metric.VRAM_PEAK, Metric.VRAM_PEAK.value(901))), null);
        ForkResult fork = new ForkResult(
                "cell",
                1,
                Status.OK,
                null,
                List.of(),
                "t",
                3,
                List.of(first, second),
                null,
                null,
                List.of(),
                List.of());

        List<CSVRecord> rows = records(IterationsCsv.of(run(ok()), List.of(fork)));

        assertThat(rows).extracting(row -> row.get("iteration")).containsExactly("1", "2");
        assertThat(rows).extracting(row -> row.get("score")).containsExactly("10.500000", "11.250000");
        assertThat(rows).extracting(row -> row.get("vram_peak_mib")).containsExactly("900", "901");
    }

    @Test
    void failedForkHasARowWithoutValues() throws IOException {
        ForkResult fork = ForkResult.refused("cell", 2, "no", "t");

        CSVRecord row = only(IterationsCsv.of(run(ok()), List.of(fork)));

        assertThat(row.get("fork")).isEqualTo("2");
        assertThat(row.get("status")).isEqualTo("refused");
        assertThat(row.get("iteration")).isEmpty();
        assertThat(row.get("score")).isEmpty();
    }

    private static CSVRecord only(String csv) throws IOException {
        List<CSVRecord> records = records(csv);
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    private static List<CSVRecord> records(String csv) throws IOException {
        return Columns.FORMAT
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get()
                .parse(new StringReader(csv))
                .getRecords();
    }

    private static CellResult ok() {
        return ok(null);
    }

    private static CellResult ok(@Nullable Prediction prediction) {
        Map<Metric, MetricValue> metrics = Map.of(
                Metric.RAM_PEAK, Metric.RAM_PEAK.value(344.25),
                Metric.GGML_DEVICE_USED, Metric.GGML_DEVICE_USED.value(7),
                Metric.SAMPLING_COST, Metric.SAMPLING_COST.value(0.25));
        return cell(Status.OK, null, new Score(1234.5, 0.0125, 5, null), metrics, prediction);
    }

    private static CellResult failed(String reason) {
        return cell(Status.CRASHED, reason, null, Map.of(), null);
    }

    private static CellResult cell(
            Status status,
            @Nullable String reason,
            @Nullable Score score,
            Map<Metric, MetricValue> metrics,
            @Nullable Prediction prediction) {
        return new CellResult(
                "cell",
                "TokenGeneration",
                "thrpt",
                "tokens/s",
                Map.of("contextLength", "4096", "gpuLayers", "-1"),
                Map.of(),
                new Protocol(1, 1, 5, "1000ms"),
                status,
                reason,
                List.of(),
                score,
                new TreeMap<>(metrics),
                List.of(),
                new MemoryDetails(
                        null,
                        Map.of(),
                        List.of(new Waterfall("ram", 344.25, Map.of("java", 40.5, "residual", -3.25))),
                        prediction,
                        new Spill(Spill.Verdict.SUSPECTED, List.of("shared memory grew by 300 MiB"))),
                List.of(new Noise(Noise.Kind.LOAD, 1.5, null), new Noise(Noise.Kind.MEMORY_LOW, 3.0, null)));
    }

    private static Run run(CellResult cell) {
        return new Run(
                1,
                "20260101-000000-test",
                "test",
                "t",
                null,
                new NamedValues("test", Map.of()),
                new NamedValues("test", Map.of()),
                new Run.Llama("v0.4.0", null, "lib", List.of(), null, null),
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                null,
                List.of(),
                List.of(cell));
    }
}
