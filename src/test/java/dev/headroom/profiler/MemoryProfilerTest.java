package dev.headroom.profiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.headroom.environment.Cpu;
import dev.headroom.llama.Phase;
import dev.headroom.memory.FakeMeter;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.memory.PhaseReadings;
import dev.headroom.memory.Sensor;
import dev.headroom.memory.Series;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.Json;
import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.profile.ProfilerFactory;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ResultRole;
import org.openjdk.jmh.results.SingleShotResult;
import org.openjdk.jmh.runner.IterationType;
import org.openjdk.jmh.runner.WorkloadParams;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.ProfilerConfig;
import org.openjdk.jmh.runner.options.TimeValue;

class MemoryProfilerTest {
    private static final long MIB = 1 << 20;
    private static final IterationParams WARMUP =
            new IterationParams(IterationType.WARMUP, 1, TimeValue.milliseconds(1), 1);
    private static final IterationParams MEASURED =
            new IterationParams(IterationType.MEASUREMENT, 1, TimeValue.milliseconds(1), 1);

    /** It has no parameter for threads, so it computes on one. */
    private static final BenchmarkParams BENCHMARK = new BenchmarkParams(
            "b",
            "b",
            false,
            1,
            new int[] {1},
            List.of(),
            1,
            0,
            WARMUP,
            MEASURED,
            Mode.SingleShotTime,
            new WorkloadParams(),
            TimeUnit.SECONDS,
            1,
            "java",
            List.of(),
            "17",
            "vm",
            "1",
            "1.37",
            TimeValue.NONE);

    private OptionalLong vram = OptionalLong.of(800 * MIB);
    private OptionalLong process = OptionalLong.empty();
    private OptionalLong anon = OptionalLong.of(100 * MIB);

    private MemoryProfiler profiler(Meter... meters) throws ProfilerException {
        Supplier<Meters> source = () -> new Meters(List.of(meters), List.of());
        return new MemoryProfiler("interval=1", source, List::of, () -> new PhaseReadings(source.get()));
    }

    private MemoryProfiler card() throws ProfilerException {
        return profiler(
                new FakeMeter(Metric.VRAM_PEAK, () -> vram),
                new FakeMeter(Metric.VRAM_PROCESS_PEAK, () -> process),
                new FakeMeter(Metric.RAM_ANON_PEAK, () -> anon));
    }

    @SuppressWarnings("NullAway") // the profiler does not look at these
    private static Map<String, Double> iteration(MemoryProfiler profiler, IterationParams params, Runnable benchmark) {
        profiler.beforeIteration(BENCHMARK, params);
        benchmark.run();
        Map<String, Double> scores = new TreeMap<>();
        for (Result<?> result : profiler.afterIteration(null, params, null)) {
            scores.put(result.getLabel(), result.getScore());
        }
        return scores;
    }

    @Test
    void coreIsFreeIfThreadsAreFewerThanCores() {
        assertThat(MemoryProfiler.leavesCoreFree("3", 4)).isTrue();
        assertThat(MemoryProfiler.leavesCoreFree("4", 4)).isFalse();
        assertThat(MemoryProfiler.leavesCoreFree(null, 1)).isFalse();
        assertThat(MemoryProfiler.leavesCoreFree(null, 2)).isTrue();
        int threads = Cpu.defaultThreads();
        assertThat(MemoryProfiler.leavesCoreFree("0", threads)).isFalse();
        assertThat(MemoryProfiler.leavesCoreFree("0", threads + 1)).isTrue();
    }

    /** Without a free core, the shortest period would be 16 ms. */
    @Test
    void freeCoreReadsTheCardEveryFewMilliseconds() throws Exception {
        assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
        Supplier<Meters> meters = () -> new Meters(List.of(new FakeMeter(Metric.VRAM_PEAK, () -> vram)), List.of());
        MemoryProfiler profiler = new MemoryProfiler("", meters, List::of, () -> new PhaseReadings(meters.get()));
        Map<String, Double> measured =
                iteration(profiler, MEASURED, () -> LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1)));
        assertThat(measured.get("·vram.samples")).isGreaterThan(100);
    }

    @Test
    void peaksBaselineAndSamplingAreReported() throws ProfilerException {
        MemoryProfiler profiler = card();
        Map<String, Double> warmup = iteration(profiler, WARMUP, () -> {
            vram = OptionalLong.of(5000 * MIB);
            process = OptionalLong.of(4000 * MIB);
        });
        assertThat(warmup).isEmpty();
        Map<String, Double> measured = iteration(profiler, MEASURED, () -> vram = OptionalLong.of(5100 * MIB));
        assertThat(measured)
                .containsEntry("·vram.baseline", 800.0)
                .containsEntry("·vram.peak", 5100.0)
                .containsEntry("·vram.process.peak", 4000.0)
                .containsEntry("·ram.anon.peak", 100.0)
                .containsOnlyKeys(
                        "·vram.baseline",
                        "·vram.peak",
                        "·vram.process.peak",
                        "·vram.samples",
                        "·vram.gap.max",
                        "·ram.anon.peak",
                        "·ram.samples",
                        "·ram.gap.max",
                        "·sampling.cost");
        assertThat(measured.get("·vram.samples")).isGreaterThanOrEqualTo(2);
        assertThat(measured.get("·vram.gap.max")).isPositive();
    }

    @Test
    void memoryFreedAfterAPhaseIsSeen() throws ProfilerException {
        MemoryProfiler profiler = card();
        for (int i = 0; i < 2; i++) {
            Map<String, Double> measured = iteration(profiler, MEASURED, () -> {
                vram = OptionalLong.of(7000 * MIB);
                Phase.MODEL.reached();
                vram = OptionalLong.of(800 * MIB);
            });
            assertThat(measured).containsEntry("·vram.peak", 7000.0);
        }
    }

    @Test
    void withoutGpuVramMetricsAreAbsent() throws ProfilerException {
        assertThat(iteration(profiler(new FakeMeter(Metric.RAM_PEAK, () -> anon)), MEASURED, () -> {}))
                .containsOnlyKeys("·ram.peak", "·ram.samples", "·ram.gap.max", "·sampling.cost");
    }

    @Test
    void metricMissingInFirstIterationStaysAbsent() throws ProfilerException {
        MemoryProfiler profiler = card();
        assertThat(iteration(profiler, MEASURED, () -> {})).doesNotContainKey("·vram.process.peak");
        process = OptionalLong.of(1);
        assertThat(iteration(profiler, MEASURED, () -> {})).doesNotContainKey("·vram.process.peak");
    }

    @Test
    void lostCardIsAbsentAndOtherMetricsStay() throws ProfilerException {
        MemoryProfiler profiler = card();
        assertThat(iteration(profiler, MEASURED, () -> {})).containsKeys("·vram.peak", "·vram.baseline");
        assertThat(iteration(profiler, MEASURED, () -> vram = OptionalLong.empty()))
                .containsOnlyKeys("·ram.anon.peak", "·ram.samples", "·ram.gap.max", "·sampling.cost");
        vram = OptionalLong.of(1);
        assertThat(iteration(profiler, MEASURED, () -> {})).doesNotContainKey("·vram.peak");
    }

    @Test
    void cardLostInWarmupIsReported(@TempDir Path folder) throws ProfilerException, IOException {
        Path file = folder.resolve("memory.json");
        System.setProperty(MemoryProfiler.REPORT, file.toString());
        try {
            MemoryProfiler profiler = card();
            iteration(profiler, WARMUP, () -> {});
            iteration(profiler, WARMUP, () -> vram = OptionalLong.empty());
            assertThat(iteration(profiler, MEASURED, () -> {})).doesNotContainKey("·vram.peak");
            assertThat(Json.read(Files.readString(file), ForkMemory.class).lost())
                    .contains(Metric.VRAM_PEAK)
                    .doesNotContain(Metric.RAM_ANON_PEAK, Metric.VRAM_PROCESS_PEAK);
        } finally {
            System.clearProperty(MemoryProfiler.REPORT);
        }
    }

    @Test
    void reportHasPhasesAndLostMetrics(@TempDir Path folder) throws ProfilerException, IOException {
        Path file = folder.resolve("memory.json");
        System.setProperty(MemoryProfiler.REPORT, file.toString());
        try {
            MemoryProfiler profiler = card();
            iteration(profiler, MEASURED, () -> {
                vram = OptionalLong.of(900 * MIB);
                Phase.BACKEND.reached();
                vram = OptionalLong.of(5000 * MIB);
                process = OptionalLong.of(4000 * MIB);
                Phase.MODEL.reached();
            });
            ForkMemory report = Json.read(Files.readString(file), ForkMemory.class);
            assertThat(report.phases())
                    .isEqualTo(Map.of(
                            "start", Map.of("vram", 800.0, "ram.anon", 100.0),
                            "backend", Map.of("vram", 900.0, "ram.anon", 100.0),
                            "model", Map.of("vram", 5000.0, "vram.process", 4000.0, "ram.anon", 100.0)));
            assertThat(report.lost()).isEmpty();

            iteration(profiler, MEASURED, () -> vram = OptionalLong.empty());
            ForkMemory later = Json.read(Files.readString(file), ForkMemory.class);
            assertThat(later.phases()).isEqualTo(report.phases());
            assertThat(later.lost())
                    .containsExactlyInAnyOrder(
                            Metric.VRAM_PEAK, Metric.VRAM_BASELINE, Metric.VRAM_SAMPLES, Metric.VRAM_GAP_MAX);
        } finally {
            System.clearProperty(MemoryProfiler.REPORT);
        }
    }

    @Test
    void onlySensorsOfOneCardAreReported() throws ProfilerException {
        MemoryProfiler profiler = new MemoryProfiler(
                "interval=1",
                () -> new Meters(List.of(new FakeMeter(Metric.VRAM_PEAK, () -> vram)), List.of()),
                () -> List.of(
                        sensor("a", Metric.GPU_CLOCK_SM, 1500),
                        sensor("b", Metric.GPU_CLOCK_SM, 900),
                        sensor("b", Metric.GPU_POWER, 5),
                        sensor(null, Metric.RAM_FAULTS_MAJOR, 3)),
                () -> new PhaseReadings(new Meters(List.of(), List.of())));
        assertThat(iteration(profiler, MEASURED, () -> {}))
                .containsEntry("·gpu.clock.sm", 1500.0)
                .containsEntry("·ram.faults.major", 3.0)
                .doesNotContainKey("·gpu.power");
    }

    private static Sensor sensor(@Nullable String card, Metric metric, long value) {
        class Fake extends FakeMeter implements Sensor {
            Fake() {
                super(metric, () -> OptionalLong.of(value));
            }

            @Override
            public Optional<String> card() {
                return Optional.ofNullable(card);
            }

            @Override
            public OptionalDouble value(Series readings) {
                return readings.mean();
            }
        }
        return new Fake();
    }

    @ParameterizedTest
    @CsvSource({"GPU_CLOCK_SM, 2", "GPU_TEMPERATURE, 3", "VRAM_PEAK, 3", "VRAM_SAMPLES, 4"})
    @SuppressWarnings("NullAway") // JMH merges without looking at these
    void catalogueDecidesHowJmhMerges(Metric metric, double merged) {
        IterationResult results = new IterationResult(null, null, null);
        results.addResult(new SingleShotResult(ResultRole.PRIMARY, "operation", 1, TimeUnit.SECONDS));
        results.addResult(JmhMetrics.result(metric, 1));
        results.addResult(JmhMetrics.result(metric, 3));
        assertThat(results.getSecondaryResults().get(metric.label()).getScore()).isEqualTo(merged);
    }

    @Test
    void brokenMeterFailsTheIteration() throws ProfilerException {
        boolean[] dead = new boolean[1];
        MemoryProfiler profiler = profiler(new FakeMeter(Metric.VRAM_PEAK, () -> {
            if (dead[0]) {
                throw new IllegalStateException("the card is on fire");
            }
            return OptionalLong.of(1);
        }));
        iteration(profiler, MEASURED, () -> {});
        assertThatThrownBy(() -> iteration(profiler, MEASURED, () -> dead[0] = true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the card is on fire");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "interval=5ms", "interval=10", "interval=1000ms"})
    void validOptionsAreAccepted(String options) throws ProfilerException {
        assertThat(new MemoryProfiler(options).getDescription()).isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "interval",
                "interval=",
                "interval=0",
                "interval=-5",
                "interval=1001",
                "interval=99999999999",
                "interval=5s",
                "interval=5 ms",
                "intervall=5",
                "interval=5,x=1"
            })
    void invalidOptionsAreRefused(String options) {
        assertThatThrownBy(() -> new MemoryProfiler(options))
                .isInstanceOf(ProfilerException.class)
                .hasMessageContaining("interval=10ms")
                .hasMessageContaining(options);
    }

    @Test
    void formerNameWorksOnJmhsCommandLine() throws CommandLineOptionException, ProfilerException {
        String option = "dev.headroom.profiler.VramProfiler:interval=5ms";
        ProfilerConfig config =
                new CommandLineOptions("-prof", option).getProfilers().get(0);
        assertThat(config.getKlass()).isEqualTo(VramProfiler.class.getName());
        assertThat(ProfilerFactory.getProfilerOrException(config)).isInstanceOf(MemoryProfiler.class);
        assertThatThrownBy(() -> new VramProfiler("interval=0")).isInstanceOf(ProfilerException.class);
    }

    @Test
    void profilerIsRegisteredAsService() {
        assertThat(ServiceLoader.load(Profiler.class)).hasAtLeastOneElementOfType(MemoryProfiler.class);
    }
}
