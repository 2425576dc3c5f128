package dev.headroom.compare;

import static dev.headroom.compare.FakeRun.TOKENS;
import static dev.headroom.compare.FakeRun.VRAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headroom.BadInput;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComparerTest {
    private static final double[] SPEED = of(100, 101, 99, 100.5, 99.5);
    private static final double[] SLOWER = of(90, 91, 89, 90.5, 89.5);
    private static final double[] USED = of(8000, 8000, 8002, 8000, 8000);
    private static final double[] MORE = of(9000, 9002, 9000, 9000, 9000);

    private static Comparison compare(FakeRun... runs) {
        return Comparer.compare(Arrays.stream(runs).map(FakeRun::run).toList(), Dimension.ENVIRONMENT, null);
    }

    private static Difference of(Comparison comparison, Measure measure) {
        return comparison.differences().stream()
                .filter(difference -> difference.measure().equals(measure))
                .findFirst()
                .orElseThrow();
    }

    private static double[] of(double... values) {
        return values;
    }

    private static FakeRun linux() {
        return new FakeRun("one").in("native-linux");
    }

    private static FakeRun wsl() {
        return new FakeRun("two").in("wsl2");
    }

    @Test
    void lowerSpeedAndMoreMemoryAreWorse() {
        Comparison comparison = compare(
                wsl().cell("TokenGeneration", 512, Map.of(TOKENS, SLOWER, VRAM, MORE)),
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, USED)));

        assertThat(comparison.baseline()).isEqualTo("native-linux"); // although it is second
        Difference speed = of(comparison, TOKENS);
        assertThat(speed.verdict()).isEqualTo(Verdict.WORSE);
        assertThat(speed.percent()).isCloseTo(-10, within(0.01));
        assertThat(speed.unit()).isEqualTo("fork");
        Difference memory = of(comparison, VRAM);
        assertThat(memory.verdict()).isEqualTo(Verdict.WORSE);
        assertThat(memory.difference()).isCloseTo(1000, within(1e-9));
        assertThat(memory.percent()).isCloseTo(12.5, within(0.01));
        assertThat(memory.meter()).isEqualTo("nvml.device");
        assertThat(comparison.headlines().size()).isEqualTo(2);
    }

    @Test
    void swappedBaselineSwapsTheVerdict() {
        Comparison comparison = Comparer.compare(
                List.of(
                        wsl().cell("TokenGeneration", 512, Map.of(TOKENS, SLOWER, VRAM, MORE))
                                .run(),
                        linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, USED))
                                .run()),
                Dimension.ENVIRONMENT,
                "wsl2");

        assertThat(comparison.differences()).extracting(Difference::verdict).containsOnly(Verdict.BETTER);
    }

    @Test
    void equalValuesAreNoDifference() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, of(8000, 8000, 8000, 8000, 8000))),
                wsl().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, of(8000, 8000, 8000, 8000, 8000))));

        assertThat(comparison.differences()).extracting(Difference::verdict).containsOnly(Verdict.NO_DIFFERENCE);
        assertThat(Objects.requireNonNull(of(comparison, VRAM).interval()).farthest())
                .isBetween(0.5, 2.0); // pieces of 2 MiB
        assertThat(of(comparison, TOKENS).detectablePercent()).isBetween(1.0, 3.0);
    }

    @Test
    void largeVariationIsUnclear() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, of(60, 100, 140))),
                wsl().cell("TokenGeneration", 512, Map.of(TOKENS, of(70, 90, 120))));

        assertThat(of(comparison, TOKENS).verdict()).isEqualTo(Verdict.UNCLEAR);
    }

    @Test
    void oneForkYieldsNoPercentage() {
        Difference difference = of(
                compare(
                        linux().cell("TokenGeneration", 512, Map.of(TOKENS, of(100))),
                        wsl().cell("TokenGeneration", 512, Map.of(TOKENS, of(50)))),
                TOKENS);

        assertThat(difference.verdict()).isEqualTo(Verdict.UNCLEAR);
        assertThat(difference.why()).contains("--forks 5");
        assertThat(difference.percent()).isNull();
        assertThat(difference.interval()).isNull();
        assertThat(difference.p()).isNull();
    }

    /** Common drift of both forks of a pair is much larger than their difference. */
    @Test
    void interleavedForksArePaired() {
        FakeRun run = new FakeRun("both");
        run.in("native-linux").cell("TokenGeneration", 512, Map.of(TOKENS, of(100, 80, 120, 60, 110)));
        run.in("wsl2").cell("TokenGeneration", 512, Map.of(TOKENS, of(95.1, 76, 113.8, 57.1, 104.4)));

        Difference difference = of(compare(run), TOKENS);

        assertThat(difference.unit()).isEqualTo("pair of forks");
        assertThat(difference.units()).isEqualTo(5);
        assertThat(difference.verdict()).isEqualTo(Verdict.WORSE);
        assertThat(difference.percent()).isCloseTo(-5, within(0.1));
    }

    /** Forks of a run are nearly equal, and runs differ: a test on forks would find a difference. */
    @Test
    void severalRunsAreTheUnitOfReplication() {
        Comparison comparison = compare(
                new FakeRun("a").in("native-linux").cell("TokenGeneration", 512, Map.of(TOKENS, of(100, 100.1, 100.2))),
                new FakeRun("b").in("native-linux").cell("TokenGeneration", 512, Map.of(TOKENS, of(110, 110.1, 110.2))),
                new FakeRun("c").in("wsl2").cell("TokenGeneration", 512, Map.of(TOKENS, of(101, 101.1, 101.2))),
                new FakeRun("d").in("wsl2").cell("TokenGeneration", 512, Map.of(TOKENS, of(95, 95.1, 95.2))));

        Difference difference = of(comparison, TOKENS);
        assertThat(difference.unit()).isEqualTo("run");
        assertThat(difference.units()).isEqualTo(2);
        assertThat(difference.verdict()).isEqualTo(Verdict.UNCLEAR);
    }

    @Test
    void differentMetersAreIncomparable() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, USED)),
                wsl().meters(List.of(new Run.MeterFact("pdh.adapter", "device", "resident", List.of(Measure.VRAM))))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, MORE)));

        assertThat(comparison.differences()).extracting(Difference::measure).containsExactly(TOKENS);
        assertThat(comparison.incomparable()).hasSize(1);
        assertThat(comparison.incomparable().get(0).measure()).isEqualTo(Measure.VRAM);
        assertThat(comparison.incomparable().get(0).reason())
                .contains("different meters", "nvml.device", "pdh.adapter");
    }

    @ParameterizedTest
    @CsvSource({
        "v0.5.0, 5b4ebc5, b58142bae3f1d298, llama.cpp (v0.4.0 and v0.5.0)",
        "v0.4.0, 0000000, b58142bae3f1d298, llama.cpp commit (5b4ebc5 and 0000000)",
        "v0.4.0, 5b4ebc5, 000000000000aaaa, SHA-256"
    })
    void differentBuildsAreIncomparable(String version, String commit, String fingerprint, String reason) {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)),
                wsl().llama(new Run.Llama(version, commit, "/x", List.of(), null, fingerprint))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)));

        assertThat(comparison.differences()).isEmpty();
        assertThat(comparison.incomparable().get(0).reason()).contains(reason);
    }

    /** Files of one release differ between systems. */
    @Test
    void oneReleaseIsComparableBetweenSystems() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)),
                new FakeRun("two")
                        .in("native-windows")
                        .facts(Map.of("os", "Windows 11"))
                        .llama(new Run.Llama("v0.4.0", "5b4ebc5", "/x", List.of(), null, "000000000000aaaa"))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)));

        assertThat(comparison.differences()).hasSize(1);
    }

    @Test
    void differentConditionsAreIncomparable() {
        FakeRun base = linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED));
        Run.Model file = new Run.Model("m", "/m", false, "llama", "Q4_0", 1, 1001, 900, null, null, "abc");

        assertThat(compare(base, wsl().iterations(6).cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)))
                        .incomparable()
                        .get(0)
                        .reason())
                .contains("iterations (5 and 6)");
        assertThat(compare(base, wsl().model(file).cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)))
                        .incomparable()
                        .get(0)
                        .reason())
                .contains("model bytes (1000 and 1001)", "model fingerprint (unknown and abc)");
        assertThat(compare(base, wsl().flashAttention(false).cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)))
                        .incomparable()
                        .get(0)
                        .reason())
                .contains("flash attention (true and false)");
    }

    @Test
    void defaultThatMachinesResolveDifferentlyBlocksOnlySpeed() {
        Map<Measure, double[]> values = Map.of(TOKENS, SPEED, VRAM, USED);
        Comparison comparison = compare(
                linux().params(Map.of("threads", "0"))
                        .resolved(Map.of("threads", "8"))
                        .cell("TokenGeneration", 512, values),
                wsl().params(Map.of("threads", "0"))
                        .resolved(Map.of("threads", "16"))
                        .cell("TokenGeneration", 512, values));

        assertThat(comparison.unmatched()).isEmpty();
        assertThat(comparison.differences()).extracting(Difference::measure).containsExactly(VRAM);
        assertThat(comparison.incomparable())
                .extracting(Comparison.Incomparable::text)
                .containsExactly("score: different threads by default (8 and 16)");
    }

    @Test
    void differentBackendsAreIncomparable() {
        Map<Measure, double[]> values = Map.of(VRAM, USED);

        assertThat(compare(
                                linux().devices("CUDA0").cell("TokenGeneration", 512, values),
                                wsl().devices("Vulkan0").cell("TokenGeneration", 512, values))
                        .incomparable())
                .extracting(Comparison.Incomparable::reason)
                .containsExactly("different backend (CUDA and Vulkan)");
        assertThat(compare(
                                linux().devices("CUDA0").cell("TokenGeneration", 512, values),
                                wsl().devices("CUDA0", "CUDA1", "CUDA2", "CUDA3")
                                        .cell("TokenGeneration", 512, values))
                        .incomparable())
                .extracting(Comparison.Incomparable::reason)
                .containsExactly("different number of devices (1 and 4)");
    }

    @Test
    void memoryOfAFullCardIsALowerLimit() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED, VRAM, USED)),
                wsl().spill(Spill.Verdict.UNKNOWN).cell("TokenGeneration", 512, Map.of(TOKENS, SLOWER, VRAM, MORE)));

        assertThat(of(comparison, VRAM).atLeast()).isTrue();
        assertThat(of(comparison, VRAM).verdict()).isEqualTo(Verdict.UNCLEAR);
        assertThat(of(comparison, VRAM).why()).contains("the card is full");
        assertThat(of(comparison, TOKENS).atLeast()).isFalse();
        assertThat(of(comparison, TOKENS).verdict()).isEqualTo(Verdict.WORSE);
    }

    /** The step of 4,000 MiB comes from another program that used the card while the meter was proven. */
    @Test
    void incredibleStepOfAMeterDoesNotWidenTheInterval() {
        Comparison comparison = compare(
                linux().step("nvml.device", 4000).cell("TokenGeneration", 512, Map.of(VRAM, USED)),
                wsl().step("nvml.device", 4000).cell("TokenGeneration", 512, Map.of(VRAM, MORE)));

        assertThat(of(comparison, VRAM).verdict()).isEqualTo(Verdict.WORSE);
    }

    @Test
    void stepThatMakesTheIntervalIsNamed() {
        double[] other = {1030, 1030, 1030, 1030, 1030};
        double[] baseline = {1000, 1000, 1000, 1000, 1000};
        Difference difference = of(
                compare(
                        linux().step("nvml.device", 64).cell("TokenGeneration", 512, Map.of(VRAM, baseline)),
                        wsl().step("nvml.device", 64).cell("TokenGeneration", 512, Map.of(VRAM, other))),
                VRAM);

        assertThat(difference.verdict()).isEqualTo(Verdict.UNCLEAR);
        assertThat(difference.why()).isEqualTo("the meter's step of 64 MiB makes the interval, not variation");
    }

    @Test
    void failedCellIsIncomparableWithItsStatus() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 60000, Map.of(TOKENS, SPEED)),
                wsl().status(Status.OOM, "no memory left").cell("TokenGeneration", 60000, Map.of()));

        assertThat(comparison.incomparable().get(0).reason()).isEqualTo("oom in wsl2: no memory left");
    }

    @Test
    void unmatchedCellsAreListed() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED))
                        .cell("TokenGeneration", 1024, Map.of(TOKENS, SPEED)),
                wsl().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED))
                        .cell("TokenGeneration", 2048, Map.of(TOKENS, SPEED)));

        assertThat(comparison.unmatched())
                .extracting(Comparison.Unmatched::id)
                .containsExactly("TokenGeneration-1024-native-linux", "TokenGeneration-2048-wsl2");
        assertThat(comparison.unmatched())
                .extracting(Comparison.Unmatched::missing)
                .containsExactly("wsl2", "native-linux");
    }

    /** For example threads: a plan that does not set them takes the machine's cores. */
    @Test
    void theOnlyDifferingParameterOfUnmatchedCellsIsNamed() {
        Comparison comparison = compare(
                linux().params(Map.of("threads", "8")).cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)),
                wsl().params(Map.of("threads", "4")).cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)));

        assertThat(comparison.differences()).isEmpty();
        assertThat(comparison.unmatched())
                .extracting(Comparison.Unmatched::nearest)
                .containsExactly("threads 4", "threads 8");
    }

    @Test
    void differentMachinesAreAWarning() {
        Comparison comparison = compare(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)),
                wsl().facts(Map.of("os", "Linux", "cpu", "another", "memoryTotalMiB", "32000"))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)));

        assertThat(comparison.warnings()).containsExactly("cpu differs: a CPU in native-linux, another in wsl2");
    }

    @Test
    void environmentsMeasuredInOneBootAreNamed() {
        Map<Measure, double[]> values = Map.of(VRAM, USED);
        FakeRun first = linux().facts(Map.of("bootId", "a")).cell("TokenGeneration", 512, values);
        FakeRun second = linux().facts(Map.of("bootId", "b")).cell("TokenGeneration", 512, values);
        FakeRun wsl = wsl().facts(Map.of("bootId", "c")).cell("TokenGeneration", 512, values);

        assertThat(compare(first, second, wsl).warnings())
                .containsExactly("All forks of wsl2 come from one boot: measure in three boots, alternated"
                        + " (docs/statistics.md)");
        assertThat(compare(first, second, wsl().facts(Map.of("bootId", "c d")).cell("TokenGeneration", 512, values))
                        .warnings())
                .as("a run that was resumed after a reboot")
                .isEmpty();
    }

    @Test
    void differentSettingsOfDriversAndVariablesAreAWarning() {
        Comparison comparison = compare(
                linux().facts(Map.of("gpu2PowerLimitW", "450", "GGML_CUDA_DISABLE_GRAPHS", "1"))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)),
                wsl().facts(Map.of("gpu2PowerLimitW", "300", "wslConfigMemory", "8GB"))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)));

        assertThat(comparison.warnings())
                .containsExactlyInAnyOrder(
                        "gpu2PowerLimitW differs: 450 in native-linux, 300 in wsl2",
                        "GGML_CUDA_DISABLE_GRAPHS differs: 1 in native-linux, not set in wsl2",
                        "wslConfigMemory differs: not set in native-linux, 8GB in wsl2");
    }

    @Test
    void runsBuildsAndModelsCanBeCompared() {
        List<MeasuredRun> runs = List.of(
                new FakeRun("x")
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED))
                        .run(),
                new FakeRun("x")
                        .llama(new Run.Llama("v0.4.0", "5b4ebc5", "/x", List.of(), null, "000000000000aaaa"))
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SLOWER))
                        .run());

        assertThat(Comparer.compare(runs, Dimension.LLAMA, null).baseline()).isEqualTo("v0.4.0-5b4ebc5-b58142ba");
        assertThat(of(Comparer.compare(runs, Dimension.LLAMA, null), TOKENS).verdict())
                .isEqualTo(Verdict.WORSE);
        assertThat(Comparer.compare(runs, Dimension.RUN, null).others()).containsExactly("x (2)");
        Run.Model other = new Run.Model("n", "/n", true, "llama", "Q4_0", 1, 2000, 900, null, null, null);
        Comparison models = Comparer.compare(
                List.of(new FakeRun("y")
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SPEED))
                        .model(other)
                        .cell("TokenGeneration", 512, Map.of(TOKENS, SLOWER))
                        .run()),
                Dimension.MODEL,
                null);
        assertThat(models.others()).containsExactly("n");
        assertThat(of(models, TOKENS).verdict()).isEqualTo(Verdict.WORSE);
        assertThat(of(models, TOKENS).unit()).isEqualTo("fork");
    }

    @Test
    void unknownBaselineAndSingleEnvironmentAreRejected() {
        List<MeasuredRun> runs = List.of(
                linux().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)).run(),
                wsl().cell("TokenGeneration", 512, Map.of(TOKENS, SPEED)).run());

        assertThatThrownBy(() -> Comparer.compare(runs, Dimension.ENVIRONMENT, "wsl"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("did you mean wsl2?")
                .hasMessageContaining("native-linux");
        assertThatThrownBy(() -> Comparer.compare(runs.subList(0, 1), Dimension.ENVIRONMENT, null))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("native-linux")
                .hasMessageContaining("another");
    }

    /**
     * One of ten cells has equal memory in all forks by chance. Its difference is one that other cells have within a
     * group.
     */
    @Test
    void standardErrorOfMemoryIsAtLeastTheMedianOverCells() {
        FakeRun linux = linux();
        FakeRun wsl = wsl();
        for (int i = 1; i <= 10; i++) {
            linux.cell("TokenGeneration", i, Map.of(VRAM, i == 1 ? of(100, 100, 100) : of(100, 120, 100)));
            wsl.cell("TokenGeneration", i, Map.of(VRAM, i == 1 ? of(120, 120, 120) : of(120, 100, 120)));
        }

        Comparison comparison = compare(linux, wsl);

        assertThat(comparison.differences())
                .noneMatch(difference -> difference.verdict().found());
        assertThat(compare(
                                linux().cell("TokenGeneration", 1, Map.of(VRAM, of(100, 100, 100))),
                                wsl().cell("TokenGeneration", 1, Map.of(VRAM, of(120, 120, 120))))
                        .differences())
                .allMatch(difference -> difference.verdict().found());
    }

    @Test
    void verdictsAgreeWithIntervals() {
        Trials trials = new Trials(3, 5, Trials.Design.SEPARATE);
        for (int i = 0; i < 20; i++) {
            for (Difference difference :
                    trials.everyNoise(new Trials.Effect(0.97, 8)).differences()) {
                Range interval = Objects.requireNonNull(difference.interval());
                assertThat(difference.verdict().found()).isEqualTo(interval.low() > 0 || interval.high() < 0);
            }
        }
    }
}
