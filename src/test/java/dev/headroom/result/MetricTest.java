package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.result.Metric.Better;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The catalogue is consistent, and documents and code agree with it. */
class MetricTest {
    private static final Pattern LABEL = Pattern.compile("`(·[a-z.]+)`");

    @Test
    void entriesAreInTheOrderOfTheirLabels() {
        assertThat(Metric.values()).extracting(Metric::label).isSorted().doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource
    void nameInCodeFollowsTheLabel(Metric metric) {
        assertThat(metric.name())
                .isEqualTo(Metric.plain(metric.label()).toUpperCase(Locale.ROOT).replace('.', '_'));
    }

    @ParameterizedTest
    @CsvSource({
        "GPU_POWER, W, gpu_power_w",
        "GPU_CLOCK_SM, MHz, gpu_clock_sm_mhz",
        "GPU_TEMPERATURE, °C, gpu_temperature_celsius",
        "GPU_THROTTLED, %, gpu_throttled_percent",
        "VRAM_SAMPLES, #, vram_samples",
        "VRAM_PEAK, MiB, vram_peak_mib"
    })
    void columnHasLabelAndUnit(Metric metric, String unit, String column) {
        assertThat(metric.unit()).isEqualTo(unit);
        assertThat(metric.column()).isEqualTo(column);
    }

    @Test
    void onlyMemoryAndEnergyOfOneOperationAreJudged() {
        assertThat(Metric.VRAM_PEAK.isJudged("thrpt")).isTrue();
        assertThat(Metric.GPU_ENERGY.isJudged("ss")).isTrue();
        assertThat(Metric.GPU_ENERGY.isJudged("thrpt")).isFalse();
        assertThat(Metric.GGML_DEVICE_USED.isJudged("ss")).isFalse();
        assertThat(Metric.GPU_POWER.isJudged("ss")).isFalse();
    }

    @Test
    void jsonHasLabelsInTheirOrder() throws JsonProcessingException {
        Iteration iteration = new Iteration(
                1,
                2.5,
                new TreeMap<>(Map.of(
                        Metric.VRAM_PEAK, Metric.VRAM_PEAK.value(900), Metric.RAM_PEAK, Metric.RAM_PEAK.value(80))),
                null);
        String json = "{\"number\":1,\"score\":2.5,\"metrics\":{\"·ram.peak\":{\"value\":80.0,\"unit\":\"MiB\"},"
                + "\"·vram.peak\":{\"value\":900.0,\"unit\":\"MiB\"}}}";
        assertThat(Json.line(iteration)).isEqualTo(json);
        assertThat(Json.read(json, Iteration.class)).isEqualTo(iteration);
    }

    @Test
    void unknownLabelIsRefused() {
        assertThat(Metric.labelled("·vram.peek")).isEmpty();
        assertThatThrownBy(() -> Json.read("{\"phases\":{},\"lost\":[\"·vram.peek\"]}", ForkMemory.class))
                .isInstanceOf(JsonProcessingException.class)
                .hasMessageContaining("·vram.peek");
    }

    /** To update the page, copy the expected text of the failure. */
    @Test
    void resultsPageHasTheTableOfTheCatalogue() throws IOException {
        List<Metric> others = Stream.of(Metric.values())
                .filter(metric -> !Metric.IN_EVERY_TABLE.contains(metric))
                .toList();
        assertThat(Files.readString(Path.of("docs/results.md"))).contains(table(Metric.IN_EVERY_TABLE), table(others));
    }

    private static String table(List<Metric> metrics) {
        return metrics.stream()
                .map(MetricTest::row)
                .collect(Collectors.joining(
                        "\n",
                        """
                        | label | column | unit | merged | better | meaning |
                        | --- | --- | --- | --- | --- | --- |
                        """,
                        "\n\n"));
    }

    private static String row(Metric metric) {
        return String.format(
                "| `%s` | `%s` | %s | %s | %s | %s |",
                metric.label(),
                metric.column(),
                metric.unit(),
                metric.merge().name().toLowerCase(Locale.ROOT),
                metric.better() == Better.NEITHER ? "" : metric.better().name().toLowerCase(Locale.ROOT),
                metric.meaning());
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs"})
    void documentsNameOnlyMetricsOfTheCatalogue(String path) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(path))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".md")).toList()) {
                assertThat(LABEL.matcher(Files.readString(file)).results().map(MatchResult::group))
                        .as(file.toString())
                        .allMatch(
                                label -> Metric.labelled(label.replace("`", "")).isPresent());
            }
        }
    }

    @Test
    void metersPageHasEveryMetric() throws IOException {
        assertThat(LABEL.matcher(Files.readString(Path.of("docs/meters.md")))
                        .results()
                        .map(match -> match.group(1)))
                .contains(Stream.of(Metric.values()).map(Metric::label).toArray(String[]::new));
    }

    @Test
    void nothingElseSpellsALabel() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java"))
                    .filter(each -> !each.endsWith("Metric.java"))
                    .toList()) {
                String text = Files.readString(file);
                assertThat(Stream.of(Metric.values())
                                .map(metric -> Metric.plain(metric.label()))
                                .filter(label -> text.contains('"' + label + '"')))
                        .as(file.toString())
                        .isEmpty();
                assertThat(text).as(file.toString()).doesNotContain("\"·");
            }
        }
    }
}
