package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.compare.CellKey;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Comparison.Alone;
import dev.headroom.compare.Comparison.Family;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Difference;
import dev.headroom.compare.Dimension;
import dev.headroom.compare.Measure;
import dev.headroom.compare.Range;
import dev.headroom.compare.SideBySide;
import dev.headroom.compare.Tax;
import dev.headroom.compare.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
                "one fork tells no scatter: take --forks 5",
                "fork",
                1,
                null,
                "load");
    }

    private static Comparison comparison(
            List<String> others, List<Difference> differences, List<Tax> taxes, List<SideBySide> waterfalls) {
        return new Comparison(
                Dimension.ENVIRONMENT,
                "native-linux",
                others,
                FEW,
                new Family(2, 0.000001),
                differences,
                taxes,
                waterfalls,
                List.of(
                        new Incomparable(
                                "wsl2", cell(512), List.of("a-512", "b-512"), "·ram.peak", "other meter: a and b"),
                        new Incomparable("wsl2", cell(64), List.of("a-64", "b-64"), "", "oom in wsl2")),
                List.of(new Alone("wsl2", "native-linux", cell(128), "b-128", "threads 8")),
                List.of());
    }

    private static String everyVerdict(boolean markdown) {
        Map<String, SideBySide.Part> parts = new LinkedHashMap<>();
        parts.put("weights", new SideBySide.Part(4700, 4700, 0));
        parts.put("residual", new SideBySide.Part(-2.5, 997.5, 1000));
        parts.put("peak", new SideBySide.Part(8000, 9000, 1000));
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
                List.of(new Tax(
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
                List.of(new SideBySide("wsl2", cell(512), "vram", parts))));
        return markdown ? text.markdown() : text.text();
    }

    @Test
    void everyVerdictIsSaid() {
        assertThat(everyVerdict(false))
                .isEqualTo(
                        """
                wsl2 against native-linux
                  VRAM: +1000 MiB: worse in 1 of 1
                      +6.10 % of the card's 16384 MiB
                      +8000 tokens of context of m, at 0.125 MiB a token (KV cache)
                  tokens/s: +2.50 % (+0.400 to +12.00): better in 1 of 5, no difference in 1 of 5, unclear in 3 of 5

                Speed and memory
                benchmark        contextLength  figure         native-linux  wsl2   difference           interval            sees from   verdict
                TokenGeneration            512  tokens/s              100.0  112.0  +12.00 %             +10.00 to +14.00 %  2.00 %      better
                TokenGeneration            512  vram.peak MiB          8000   9000  +1000 MiB, +12.50 %  +998.0 to +1002     2.00 MiB    worse
                TokenGeneration           4096  tokens/s              50.00  50.20  +0.400 %             -0.600 to +1.40 %   1.00 %      no difference above 1.40 %
                TokenGeneration           4096  vram.peak MiB          8000   8001  +1.00 MiB, +0.013 %  -7.00 to +9.00      8.00 MiB    no difference above 9.00 MiB
                TokenGeneration           8192  tokens/s              20.00  20.50  +2.50 %              above -60.00 %      over 100 %  unclear
                TokenGeneration          16384  tokens/s              20.00  20.50  +2.50 %              anything            over 100 %  unclear
                TokenGeneration          32768  tokens/s              20.00  19.00                -1.00  -                   -           unclear: one fork tells no scatter: take --forks 5

                Other figures that differ
                benchmark        contextLength  figure        native-linux  wsl2   difference           interval          sees from  verdict
                TokenGeneration            512  ram.peak MiB         300.0  280.0  -20.00 MiB, -6.67 %  -22.00 to -18.00  2.00 MiB   better

                Where the peak VRAM went, in MiB: TokenGeneration, contextLength 512
                                                               native-linux  wsl2    difference
                weights                                              4700.0  4700.0        +0.0
                not explained (virtualization, fragmentation)          -2.5   997.5     +1000.0
                peak                                                 8000.0  9000.0     +1000.0

                Not compared
                  ram.peak: other meter: a and b: a-512, b-512
                  oom in wsl2: a-64, b-64
                  in wsl2 and not in native-linux, which has it with threads 8: b-128

                How this was judged
                  of 2 other figures: better in 1 of 1; --csv and --json have them
                  replicated: fork, 1 or 5 a cell
                  metered: vram.peak by nvml.device; ram.peak by linux.hwm
                  disturbed by load: 1 of 5 cells; run --strict measures without
                  intervals hold with 98.750 % for speed and memory and with 99.999900 % for the rest: at most 5 % for one false verdict or more among all 7 (docs/statistics.md)
                """);
    }

    @Test
    void markdownHasTheSameInTables() {
        assertThat(everyVerdict(true))
                .startsWith("## wsl2 against native-linux\n\n- VRAM: +1000 MiB")
                .contains(
                        """
                        ### Where the peak VRAM went, in MiB: TokenGeneration, contextLength 512

                        |  | native-linux | wsl2 | difference |
                        | --- | --- | --- | --- |
                        | weights | 4700.0 | 4700.0 | +0.0 |
                        """);
    }

    /** A thousand runs are a thousand sides. */
    @Test
    void ofManySidesThoseThatDifferAreShown() {
        List<String> others = IntStream.range(0, 300).mapToObj(i -> "run-" + i).toList();
        List<Difference> differences = others.stream()
                .map(other -> other.equals("run-250")
                        ? difference(other, 512, SPEED, 100, 90, new Range(-12, -8), Verdict.WORSE)
                        : difference(other, 512, SPEED, 100, 100.5, new Range(-1, 2), Verdict.NO_DIFFERENCE))
                .toList();

        String text = new CompareText(comparison(others, differences, List.of(), List.of())).text();

        assertThat(text)
                .startsWith("run-250 against native-linux\n")
                .contains("run-8 against", "290 more against native-linux\n", "200 of 300, those that differ first")
                .doesNotContain("run-9 against");
        assertThat(text.lines().filter(line -> line.endsWith("  worse"))).hasSize(1);
        assertThat(text.lines().count()).isLessThan(260);
    }
}
