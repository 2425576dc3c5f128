package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.compare.CellKey;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Comparison.Family;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Comparison.Unmatched;
import dev.headroom.compare.Difference;
import dev.headroom.compare.Dimension;
import dev.headroom.compare.Measure;
import dev.headroom.compare.MemoryImpact;
import dev.headroom.compare.Range;
import dev.headroom.compare.Verdict;
import dev.headroom.compare.WaterfallComparison;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CompareTextTest {
    private static final Measure SPEED = new Measure(Measure.SCORE, "tokens/s");
    private static final Measure VRAM = new Measure("·vram.peak", "MiB");
    private static final Measure RAM = new Measure("·ram.peak", "MiB");
    private static final Family FEW = new Family(5, 0.0125);

    private static CellKey cell(int contextLength) {
        return new CellKey(
                "TokenGeneration",
                Map.of("model", "m", "contextLength", Integer.toString(contextLength), "kvType", "f16"));
    }

    private static Difference difference(
            String other,
            int contextLength,
            Measure measure,
            double baseline,
            double value,
            Range interval,
            Verdict is) {
        double difference = value - baseline;
        double smallest = (interval.high() - interval.low()) / 2;
        return new Difference(
                other,
                cell(contextLength),
                List.of("a-" + contextLength, "b-" + contextLength),
                measure,
                measure.equals(SPEED) || measure.equals(VRAM),
                baseline,
                value,
                difference,
                100 * difference / baseline,
                interval,
                interval,
                0.01,
                smallest,
                100 * smallest / baseline,
                is,
                null,
                "fork",
                5,
                false,
                measure.equals(SPEED) ? null : measure.equals(VRAM) ? "nvml.device" : "linux.hwm",
                "");
    }

    private static Difference oneFork(int contextLength) {
        return new Difference(
                "wsl2",
                cell(contextLength),
                List.of(),
                SPEED,
                true,
                20,
                19,
                -1,
                null,
                null,
                null,
                null,
                null,
                null,
                Verdict.UNCLEAR,
                "only one fork: variation unknown; use --forks 5",
                "fork",
                1,
                false,
                null,
                "load");
    }

    private static Comparison comparison(
            List<String> others,
            List<Difference> differences,
            List<MemoryImpact> impacts,
            List<WaterfallComparison> waterfalls) {
        return new Comparison(
                Dimension.ENVIRONMENT,
                "native-linux",
                others,
                FEW,
                new Family(2, 0.000001),
                differences,
                impacts,
                waterfalls,
                List.of(
                        new Incomparable(
                                "wsl2",
                                cell(512),
                                List.of("a-512", "b-512"),
                                "·ram.peak",
                                "different meters (a and b)"),
                        new Incomparable("wsl2", cell(64), List.of("a-64", "b-64"), "", "oom in wsl2")),
                List.of(new Unmatched("wsl2", "native-linux", cell(128), "b-128", "threads 8")),
                List.of());
    }

    private static String everyVerdict(boolean markdown) {
        Map<String, WaterfallComparison.Part> parts = new LinkedHashMap<>();
        parts.put("weights", new WaterfallComparison.Part(4700, 4700, 0));
        parts.put("residual", new WaterfallComparison.Part(-2.5, 997.5, 1000));
        parts.put("peak", new WaterfallComparison.Part(8000, 9000, 1000));
        CompareText text = new CompareText(comparison(
                List.of("wsl2"),
                List.of(
                        difference("wsl2", 512, SPEED, 100, 112, new Range(10, 14), Verdict.BETTER),
                        difference("wsl2", 512, VRAM, 8000, 9000, new Range(998, 1002), Verdict.WORSE),
                        difference("wsl2", 4096, SPEED, 50, 50.2, new Range(-0.3, 0.7), Verdict.NO_DIFFERENCE),
                        difference("wsl2", 4096, VRAM, 8000, 8001, new Range(-7, 9), Verdict.NO_DIFFERENCE),
                        difference("wsl2", 8192, SPEED, 20, 20.5, new Range(-12, 300), Verdict.UNCLEAR),
                        difference("wsl2", 16384, SPEED, 20, 20.5, new Range(-20, 40000), Verdict.UNCLEAR),
                        oneFork(32768),
                        difference("wsl2", 512, RAM, 300, 280, new Range(-22, -18), Verdict.BETTER)),
                List.of(new MemoryImpact(
                        "wsl2",
                        cell(512),
                        "vram",
                        1000,
                        new Range(998, 1002),
                        Verdict.WORSE,
                        16384.0,
                        6.1,
                        8000.0,
                        0.125,
                        "KV cache")),
                List.of(new WaterfallComparison("wsl2", cell(512), "vram", parts))));
        return markdown ? text.markdown() : text.text();
    }

    @Test
    void textShowsEveryVerdict() throws IOException {
        try (InputStream in = CompareTextTest.class.getResourceAsStream("compare.txt")) {
            String expected = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            assertThat(everyVerdict(false)).isEqualTo(expected);
        }
    }

    @Test
    void markdownHasTables() {
        assertThat(everyVerdict(true))
                .startsWith("## wsl2 compared with native-linux\n\n- VRAM: +1000 MiB")
                .contains(
                        """
                        ### Peak VRAM by part, in MiB: TokenGeneration, contextLength 512

                        |  | native-linux | wsl2 | difference |
                        | --- | --- | --- | --- |
                        | weights | 4700.0 | 4700.0 | +0.0 |
                        """);
    }

    @Test
    void ofManyGroupsOnlyTheMostDifferentAreShown() {
        List<String> others = IntStream.range(0, 300).mapToObj(i -> "run-" + i).toList();
        List<Difference> differences = others.stream()
                .map(other -> other.equals("run-250")
                        ? difference(other, 512, SPEED, 100, 90, new Range(-12, -8), Verdict.WORSE)
                        : difference(other, 512, SPEED, 100, 100.5, new Range(-1, 2), Verdict.NO_DIFFERENCE))
                .toList();

        String text = new CompareText(comparison(others, differences, List.of(), List.of())).text();

        assertThat(text)
                .startsWith("run-250 compared with native-linux\n")
                .contains("run-8 compared with", "290 more not shown\n", "Shows 200 of 300 rows")
                .doesNotContain("run-9 compared with");
        assertThat(text.lines().filter(line -> line.endsWith("  worse"))).hasSize(1);
        assertThat(text.lines().count()).isLessThan(260);
    }
}
