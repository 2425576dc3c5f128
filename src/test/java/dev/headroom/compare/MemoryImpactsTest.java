package dev.headroom.compare;

import static dev.headroom.compare.FakeRun.VRAM;
import static dev.headroom.compare.FakeRun.forks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headroom.result.Run;
import dev.headroom.result.Waterfall;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryImpactsTest {
    private static final Measure KV = new Measure("·buffers.kv", "MiB");
    private static final Measure COMPUTE = new Measure("·buffers.compute", "MiB");

    private static Map<Measure, double[]> memory(double peak, double kv, double compute) {
        return Map.of(VRAM, forks(peak, peak, peak), KV, forks(kv, kv, kv), COMPUTE, forks(compute, compute, compute));
    }

    private static Comparison compare(FakeRun... runs) {
        return Comparer.compare(List.of(runs).stream().map(FakeRun::run).toList(), Dimension.ENVIRONMENT, null);
    }

    /** From 8192 to 60000 tokens: 6476 MiB of KV cache and 52 MiB of compute buffers, 0.126 MiB per token. */
    @Test
    void tokensComeFromTheSlopeBetweenTheTwoLongestContexts() {
        Comparison comparison = compare(
                new FakeRun("a")
                        .cell("TokenGeneration", 512, memory(5000, 64, 9000))
                        .cell("TokenGeneration", 8192, memory(6000, 1024, 248))
                        .cell("TokenGeneration", 60000, memory(12700, 7500, 300)),
                new FakeRun("b")
                        .in("wsl2")
                        .cell("TokenGeneration", 512, memory(6008, 64, 9000))
                        .cell("TokenGeneration", 8192, memory(7008, 1024, 248))
                        .cell("TokenGeneration", 60000, memory(13708, 7500, 300)));

        assertThat(comparison.impacts()).hasSize(3).allSatisfy(impact -> {
            assertThat(impact.memory()).isEqualTo("vram");
            assertThat(impact.mib()).isCloseTo(1008, within(1e-9));
            assertThat(impact.percentOfTotal()).isCloseTo(6.15, within(0.01)); // of 16384 MiB
            assertThat(impact.mibPerToken()).isCloseTo(0.12600, within(1e-5));
            assertThat(impact.tokens()).isCloseTo(8000, within(0.5));
            assertThat(impact.source()).contains("60000", "8192");
            assertThat(impact.verdict()).isEqualTo(Verdict.WORSE);
        });
    }

    /** The model was trained for 131,072 tokens. */
    @Test
    void moreTokensThanTheTrainedContextAreNoFigure() {
        Run.Model trained = new Run.Model("m", "/m.gguf", true, "llama", "Q4_0", 1, 1000, 900, 131072L, 131072L, null);
        Comparison comparison = compare(
                new FakeRun("a")
                        .model(trained)
                        .cell("TokenGeneration", 512, memory(5000, 64, 9))
                        .cell("TokenGeneration", 1024, memory(5000, 64.5, 9)),
                new FakeRun("b")
                        .model(trained)
                        .in("wsl2")
                        .cell("TokenGeneration", 512, memory(6000, 64, 9))
                        .cell("TokenGeneration", 1024, memory(6000, 64.5, 9)));

        assertThat(comparison.impacts())
                .allSatisfy(impact -> assertThat(impact.tokens()).isNull());
    }

    /** A token takes 131,072 bytes in f16, and 34/64 of that in q8_0. */
    @Test
    void oneContextTakesTheCostFromTheModelFile() {
        Comparison comparison = compare(
                new FakeRun("a").params(Map.of("kvType", "q8_0")).cell("TokenGeneration", 512, memory(5000, 64, 9)),
                new FakeRun("b")
                        .in("wsl2")
                        .params(Map.of("kvType", "q8_0"))
                        .cell("TokenGeneration", 512, memory(5068, 64, 9)));

        MemoryImpact impact = comparison.impacts().get(0);
        assertThat(impact.mibPerToken()).isCloseTo(0.125 * 34 / 64, within(1e-9));
        assertThat(impact.tokens()).isCloseTo(1024, within(1e-6));
        assertThat(impact.source()).contains("model file");
    }

    @Test
    void partsOfThePeakAreCompared() {
        Waterfall baseline = new Waterfall("vram", 5000, Map.of("others", 100.0, "context", 300.0, "residual", 4600.0));
        Waterfall other = new Waterfall("vram", 6000, Map.of("others", 700.0, "context", 600.0, "residual", 4700.0));
        Comparison comparison = compare(
                new FakeRun("a").waterfalls(baseline).cell("TokenGeneration", 512, memory(5000, 64, 9)),
                new FakeRun("b").in("wsl2").waterfalls(other).cell("TokenGeneration", 512, memory(6000, 64, 9)));

        WaterfallComparison parts = comparison.waterfalls().get(0);
        assertThat(parts.parts().keySet()).containsExactly("others", "context", "residual", "peak");
        assertThat(parts.parts().get("others")).isEqualTo(new WaterfallComparison.Part(100, 700, 600));
        assertThat(parts.parts().values().stream()
                        .mapToDouble(WaterfallComparison.Part::difference)
                        .sum())
                .isEqualTo(2 * 1000); // the parts, and the peak as their sum
    }
}
