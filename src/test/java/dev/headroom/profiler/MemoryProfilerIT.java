package dev.headroom.profiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headroom.memory.FakeNvml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The profiler under JMH, in a fork, on memory of a known size. */
@EnabledOnOs(OS.LINUX)
class MemoryProfilerIT {
    private static final double SPIKE_MIB = Spike.BYTES / 1048576.0;
    private static final double TOLERANCE_MIB = 24; // the heap and the JIT move too

    @BeforeAll
    static void besideOtherRuns() {
        System.setProperty("jmh.ignoreLock", "true"); // nothing is timed here
    }

    private static List<IterationResult> run(Class<? extends Profiler> profiler, String... jvmArgs)
            throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include("^" + Spike.class.getName().replace(".", "\\.") + "\\.spike$")
                        .addProfiler(profiler)
                        .forks(1)
                        .warmupIterations(0)
                        .measurementIterations(3)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .jvmArgsPrepend("-Xmx64m", "-Xms64m", "-XX:+AlwaysPreTouch")
                        .jvmArgsAppend(jvmArgs)
                        .build())
                .run();
        return List.copyOf(results.iterator()
                .next()
                .getBenchmarkResults()
                .iterator()
                .next()
                .getIterationResults());
    }

    private static Result<?> result(IterationResult iteration, String label) {
        return Objects.requireNonNull(iteration.getSecondaryResults().get(label), label);
    }

    private static double score(IterationResult iteration, String label) {
        return result(iteration, label).getScore();
    }

    private static void assertSpikeInTheSecond(List<IterationResult> iterations, String label) {
        assertThat(score(iterations.get(1), label) - score(iterations.get(2), label))
                .as(label)
                .isCloseTo(SPIKE_MIB, within(TOLERANCE_MIB));
        assertThat(score(iterations.get(1), label) - score(iterations.get(0), label))
                .as(label)
                .isCloseTo(SPIKE_MIB, within(TOLERANCE_MIB));
    }

    @Test
    void hostMemoryPeakIsInTheIterationThatAllocates() throws RunnerException {
        List<IterationResult> iterations = run(MemoryProfiler.class);
        assertThat(iterations).hasSize(3);
        assertSpikeInTheSecond(iterations, "·ram.peak");
        assertSpikeInTheSecond(iterations, "·ram.anon.peak");
        for (IterationResult iteration : iterations) {
            assertThat(result(iteration, "·ram.peak").getScoreUnit()).isEqualTo("MiB");
            assertThat(iteration.getSecondaryResults().keySet())
                    .isEqualTo(iterations.get(0).getSecondaryResults().keySet())
                    .allMatch(label -> label.matches("·[a-z0-9._]+"));
        }
    }

    @Test
    void deviceMemoryIsReadFromScriptedDriver() throws Exception {
        Path library = Path.of(FakeNvml.build("follow", "FOLLOW"));
        List<IterationResult> iterations = run(MemoryProfiler.class, "-Djna.library.path=" + library.getParent());
        assertSpikeInTheSecond(iterations, "·vram.peak");
        Set<String> labels =
                new TreeSet<>(iterations.get(0).getSecondaryResults().keySet());
        assertThat(labels)
                .contains(
                        "·vram.baseline",
                        "·vram.reserved",
                        "·vram.samples",
                        "·vram.gap.max",
                        "·gpu.energy",
                        "·gpu.power",
                        "·gpu.clock.sm",
                        "·gpu.clock.memory",
                        "·gpu.temperature",
                        "·gpu.throttled",
                        "·gpu.throttled.heat",
                        "·gpu.utilization",
                        "·gpu.utilization.memory")
                .doesNotContain("·vram.process.peak", "·vram.shared.peak", "·ggml.device.used", "·buffers.model");
        for (IterationResult iteration : iterations) {
            assertThat(iteration.getSecondaryResults()).containsOnlyKeys(labels);
            assertThat(score(iteration, "·vram.baseline")).isBetween(1024.0, score(iteration, "·vram.peak"));
            assertThat(score(iteration, "·vram.samples")).isGreaterThanOrEqualTo(2);
            assertThat(score(iteration, "·gpu.energy")).isPositive();
            assertThat(score(iteration, "·gpu.power")).isPositive();
        }
    }

    @Test
    void brokenMeterFailsTheFork() {
        assertThatThrownBy(() -> run(DyingProfiler.class))
                .isInstanceOf(RunnerException.class)
                .satisfies(e -> assertThat(messages(e)).anyMatch(message -> message.contains("the card is on fire")));
    }

    private static List<String> messages(Throwable thrown) {
        List<String> messages = new ArrayList<>();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            messages.add(String.valueOf(cause.getMessage()));
            for (Throwable suppressed : cause.getSuppressed()) {
                messages.addAll(messages(suppressed));
            }
        }
        return messages;
    }
}
