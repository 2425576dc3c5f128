package dev.headroom.fork;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.environment.Clock;
import dev.headroom.environment.CpuTime;
import dev.headroom.environment.ProcessTime;
import dev.headroom.environment.Snapshot;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Json;
import dev.headroom.result.Metric;
import dev.headroom.result.Noise;
import dev.headroom.result.Noise.Kind;
import dev.headroom.result.Status;
import dev.headroom.result.Warning;
import dev.headroom.run.PlanRunner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseWatchTest {
    private static final Clock ORDINARY = new Clock(null, null);

    /** Seconds since a machine with four cores was booted. */
    private double now;

    /** Cores that others use at a time. */
    private DoubleUnaryOperator load = at -> 0.05;

    private final List<String> told = new ArrayList<>();

    private static Snapshot at(double seconds, double others, double stolen, double own) {
        return new Snapshot(
                (long) (seconds * 1e9),
                new CpuTime(4, others + own, stolen, own),
                Map.of(9L, new ProcessTime("updatedb", 3, others)),
                5L,
                2.0,
                1000L,
                50.0,
                ORDINARY,
                false);
    }

    private static List<Kind> kinds(Snapshot before, Snapshot after) {
        return NoiseWatch.seen(before, after, 0).stream().map(Noise::kind).toList();
    }

    @Test
    void loadOfTheForkIsNotNoise() {
        assertThat(kinds(at(0, 0, 0, 0), at(10, 0.5, 0, 39))).isEmpty();

        List<Noise> noise = NoiseWatch.seen(at(0, 0, 0, 0), at(10, 15, 0, 20), 0);
        assertThat(noise).containsExactly(new Noise(Kind.LOAD, 1.5, "of 4 cores, most of all updatedb 1.5"));
    }

    @ParameterizedTest
    @CsvSource({"2.4, 0, ''", "2.6, 0, LOAD", "0, 1.9, ''", "0, 2.1, STEAL"})
    void lossBelowTheLimitIsNotNoise(double others, double stolen, String kind) {
        assertThat(kinds(at(0, 0, 0, 0), at(10, others, stolen, 30)))
                .extracting(Kind::name)
                .isEqualTo(kind.isEmpty() ? List.of() : List.of(kind));
    }

    @Test
    void decreasingCountersAreNotNoise() {
        assertThat(kinds(at(0, 500, 500, 0), at(10, 0, 0, 30))).isEmpty();
        assertThat(kinds(at(10, 0, 0, 0), at(10, 5, 5, 0)))
                .as("no time between")
                .isEmpty();
    }

    @Test
    void everyCounterHasItsKind() {
        Snapshot before = at(0, 0, 0, 0);
        Snapshot after = new Snapshot(
                10_000_000_000L,
                null,
                Map.of(),
                7L,
                2.5,
                6120L,
                3.0,
                new Clock("governor powersave", new Clock.Cap(2000, 4200)),
                true);

        assertThat(NoiseWatch.seen(before, after, 2))
                .containsExactly(
                        new Noise(Kind.GOVERNOR, null, "governor powersave"),
                        new Noise(Kind.CLOCK_CAP, 2000.0, "of 4200 MHz"),
                        new Noise(Kind.CPU_HEAT, 2.0, null),
                        new Noise(Kind.MEMORY_PRESSURE, 5.0, null),
                        new Noise(Kind.MEMORY_LOW, 3.0, null),
                        new Noise(Kind.SWAP, 512.0, null),
                        new Noise(Kind.BATTERY, null, null),
                        new Noise(Kind.GPU_OTHERS, 2.0, null));
        assertThat(kinds(/* before= */ after, /* after= */ before))
                .as("settings count whenever they were seen, counters that went back do not")
                .containsExactly(Kind.GOVERNOR, Kind.CLOCK_CAP, Kind.MEMORY_LOW, Kind.BATTERY);
    }

    @Test
    void unknownValuesAreNotNoise() {
        Snapshot nothing = new Snapshot(0, null, Map.of(), null, null, null, null, ORDINARY, false);
        assertThat(kinds(nothing, nothing)).isEmpty();
        assertThat(kinds(nothing, at(10, 30, 30, 0))).isEmpty();
    }

    @Test
    void forkHasItsNoise() {
        NoiseWatch watch = watch(false);
        load = at -> 2;

        ForkResult fork = run(watch, "cell", 1, () -> takes(10, fork("cell", 1)));

        assertThat(fork.ok()).isTrue();
        assertThat(fork.noise()).singleElement().satisfies(noise -> {
            assertThat(noise.kind()).isEqualTo(Kind.LOAD);
            assertThat(noise.amount()).isCloseTo(2, within(0.01));
        });
        assertThat(told).isEmpty();
    }

    @Test
    void strictRunDoesNotStartUnderNoise() {
        NoiseWatch quiet = watch(true);
        quiet.beforeRun();
        assertThat(quiet.before()).isEmpty();

        load = at -> 3;
        NoiseWatch lax = watch(false);
        lax.beforeRun();
        assertThat(lax.before())
                .extracting(Warning::text)
                .singleElement()
                .asString()
                .contains("3.0 of 4 cores");
        NoiseWatch strict = watch(true);
        assertThatThrownBy(strict::beforeRun)
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("--strict")
                .hasMessageContaining("Other processes used 3.0 of 4 cores, most of all updatedb 3.0");
    }

    @Test
    void strictRunRefusesDisturbedForks() {
        NoiseWatch watch = watch(true);
        load = at -> at > 5 ? 3 : 0;

        ForkResult fork = run(watch, "cell", 1, () -> takes(10, fork("cell", 1, Metric.RAM_PEAK, 7)));

        assertThat(fork.status()).isEqualTo(Status.REFUSED);
        assertThat(fork.reason()).contains("--strict", "during it", "updatedb");
        assertThat(fork.iterations()).isEmpty();
        assertThat(fork.noise()).extracting(Noise::kind).containsExactly(Kind.LOAD);
    }

    @Test
    void strictRunKeepsOtherFailures() {
        NoiseWatch watch = watch(true);
        load = at -> at > 5 ? 3 : 0;
        ForkResult crashed = new ForkResult(
                "cell", 1, Status.CRASHED, "abort", List.of(), "t", 1, List.of(), null, null, List.of(), List.of());

        ForkResult fork = run(watch, "cell", 1, () -> takes(10, crashed));

        assertThat(fork.status()).isEqualTo(Status.CRASHED);
        assertThat(fork.noise()).extracting(Noise::kind).containsExactly(Kind.LOAD);
    }

    @Test
    void strictRunWaitsForQuiet() {
        NoiseWatch watch = watch(true);
        load = at -> at < 180 ? 3 : 0;

        ForkResult fork = run(watch, "cell", 1, () -> takes(10, fork("cell", 1)));

        assertThat(fork.ok()).isTrue();
        assertThat(now).isBetween(180.0, 200.0);
        assertThat(told).singleElement().asString().contains("Waiting for quiet, 10 min at most", "updatedb");
    }

    @Test
    void lastingNoiseIsWaitedForOnceAndQuietRenewsThePatience() {
        NoiseWatch watch = watch(true);
        load = at -> 3;

        ForkResult first = run(watch, "a", 1, NoiseWatchTest::notStarted);
        assertThat(first.status()).isEqualTo(Status.REFUSED);
        assertThat(first.reason()).contains("before it");
        assertThat(now).isBetween(600.0, 610.0);

        double before = now;
        assertThat(run(watch, "b", 1, NoiseWatchTest::notStarted).status()).isEqualTo(Status.REFUSED);
        assertThat(now - before).isLessThan(2);
        assertThat(told).hasSize(1);

        load = at -> 0;
        assertThat(run(watch, "c", 1, () -> takes(10, fork("c", 1))).ok()).isTrue();
        load = at -> 3;
        before = now;
        run(watch, "d", 1, NoiseWatchTest::notStarted);
        assertThat(now - before).isGreaterThan(600);
        assertThat(told).hasSize(2);
    }

    @Test
    void cancelledRunStopsWaiting() {
        NoiseWatch watch = watch(true);
        load = at -> 3;

        watch.refusal("cell", 1, told::add, () -> now > 5);

        assertThat(now).isBetween(5.0, 8.0);
    }

    @Test
    void changedVramBaselineIsReportedOnceWithBothValues() {
        NoiseWatch watch = watch(false);
        List<ForkResult> forks = new ArrayList<>();
        for (double mib : new double[] {512, 560, 812, 800}) {
            String cell = "cell" + (int) mib;
            forks.add(run(watch, cell, 1, () -> takes(10, fork(cell, 1, Metric.VRAM_BASELINE, mib))));
        }

        assertThat(forks).extracting(fork -> fork.noise().size()).containsExactly(0, 0, 1, 0);
        assertThat(forks.get(2).noise())
                .containsExactly(new Noise(
                        Kind.VRAM_BASELINE,
                        300.0,
                        "512 MiB before fork 1 of cell512, 812 MiB before fork 1 of cell812"));
    }

    @Test
    void resumedRunKnowsTheEarlierBaseline() {
        NoiseWatch watch = watch(false);
        watch.remember(fork("old", 2, Metric.VRAM_BASELINE, 2000));

        ForkResult fork = run(watch, "new", 1, () -> takes(10, fork("new", 1, Metric.VRAM_BASELINE, 100)));

        assertThat(fork.noise())
                .extracting(Noise::detail)
                .singleElement()
                .asString()
                .contains("2000 MiB before fork 2");
    }

    @Test
    void gpuHeatComesFromTheIterations() {
        NoiseWatch watch = watch(false);
        assertThat(run(watch, "a", 1, () -> takes(9, fork("a", 1, Metric.GPU_THROTTLED_HEAT, 12)))
                        .noise())
                .containsExactly(new Noise(Kind.GPU_HEAT, 12.0, null));
        assertThat(run(watch, "a", 2, () -> takes(9, fork("a", 2, Metric.GPU_THROTTLED, 100)))
                        .noise())
                .as("a power cap is no heat")
                .isEmpty();
    }

    @Test
    void worstNoiseOfEachKindIsReportedWithItsCount() {
        List<Warning> warnings = Warning.Noisy.of(List.of(
                fork("a", 1).with(List.of(new Noise(Kind.LOAD, 0.5, "of 4 cores"))),
                fork("b", 2)
                        .with(List.of(new Noise(Kind.LOAD, 1.5, "of 4 cores"), new Noise(Kind.MEMORY_LOW, 4.0, null))),
                fork("c", 1).with(List.of(new Noise(Kind.MEMORY_LOW, 2.0, null)))));

        assertThat(warnings.stream().map(Warning::text))
                .containsExactly(
                        "Other processes used 1.5 of 4 cores, during fork 2 of b (the worst of 2). End them, or measure"
                                + " when the machine is idle.",
                        "Only 2 % of the memory was free, during fork 1 of c (the worst of 2). End other processes.");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyKindOfNoiseHasTimeAndRemedy(Kind kind) throws JsonProcessingException {
        String text = new Warning.Noisy(new Noise(kind, 3.0, "DETAIL"), "during fork 1 of x").text();
        assertThat(text).endsWith(".").doesNotContain("%s", "null");
        assertThat(text).matches(kind == Kind.VRAM_BASELINE ? ".*DETAIL\\. .*" : ".*during fork 1 of x.*[:.] .+");

        ForkResult fork = fork("cell", 1).with(List.of(new Noise(kind, 1.5, null)));
        assertThat(Json.line(fork)).contains("\"kind\":\"" + kind.word() + "\"");
        assertThat(Json.read(Json.line(fork), ForkResult.class)).isEqualTo(fork);
    }

    /** As {@link PlanRunner} does it. */
    private ForkResult run(NoiseWatch watch, String cell, int number, Supplier<ForkResult> fork) {
        return watch.refusal(cell, number, told::add, () -> false).orElseGet(() -> {
            NoiseWatch.Mark before = watch.mark();
            return watch.since(before, fork.get());
        });
    }

    private NoiseWatch watch(boolean strict) {
        return new NoiseWatch(strict, this::snapshot, () -> 0, this::pass);
    }

    private double others;

    private Snapshot snapshot() {
        return at(now, others, 0, 0);
    }

    private void pass(Duration duration) {
        double seconds = duration.toNanos() / 1e9;
        others += load.applyAsDouble(now + seconds) * seconds;
        now += seconds;
    }

    private ForkResult takes(int seconds, ForkResult result) {
        pass(Duration.ofSeconds(seconds));
        return result;
    }

    private static ForkResult notStarted() {
        throw new AssertionError("a fork was started under noise");
    }

    private static ForkResult fork(String cell, int number) {
        return new ForkResult(
                cell, number, Status.OK, null, List.of(), "t", 1, List.of(), null, null, List.of(), List.of());
    }

    private static ForkResult fork(String cell, int number, Metric metric, double value) {
        Iteration iteration = new Iteration(1, 1, new TreeMap<>(Map.of(metric, metric.value(value))), null);
        return new ForkResult(
                cell, number, Status.OK, null, List.of(), "t", 1, List.of(iteration), null, null, List.of(), List.of());
    }
}
