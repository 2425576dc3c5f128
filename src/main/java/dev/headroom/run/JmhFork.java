package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaLog;
import dev.headroom.llama.LlamaOutOfMemory;
import dev.headroom.plan.Cell;
import dev.headroom.profiler.VramProfiler;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Json;
import dev.headroom.result.Observed;
import dev.headroom.result.Status;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures one cell once, in a fresh JVM: one JMH run with one fork. Several forks in one JMH run would lose the good
 * ones when one crashes.
 */
final class JmhFork {
    private static final int LOG_TAIL = 15;

    private final RunFolder folder;
    private final Path llamaHome;

    JmhFork(RunFolder folder, Path llamaHome) {
        this.folder = folder;
        this.llamaHome = llamaHome;
    }

    /**
     * Runs it. A failure is a result.
     *
     * @param number 1 for the cell's first fork
     * @param onIteration called when an iteration begins, warm-up included
     */
    ForkResult run(Cell cell, Optional<Path> model, int number, Runnable onIteration) {
        String name = cell.id() + "." + number;
        Path output = folder.log(name + ".jmh.txt");
        Path log = folder.log(name + ".llama.txt");
        Path memory = folder.log(name + ".memory.json");
        String started = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        long start = System.nanoTime();
        List<Iteration> iterations = List.of();
        Throwable failure = null;
        try (PrintStream out = new PrintStream(Files.newOutputStream(output), true, StandardCharsets.UTF_8)) {
            ChainedOptionsBuilder options = options(cell, model, log, memory, folder.log(name + ".hs_err.txt"));
            Collection<RunResult> results = new Runner(options.build(), format(out, onIteration)).run();
            iterations = JmhResults.iterations(results);
        } catch (RunnerException e) {
            failure = e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        List<String> lines = lines(log);
        @Nullable Observed observed = observed(LlamaLog.parse(lines));
        if (failure == null && !iterations.isEmpty()) {
            return new ForkResult(
                    cell.id(),
                    number,
                    Status.OK,
                    null,
                    List.of(),
                    started,
                    seconds,
                    iterations,
                    observed,
                    memory(memory));
        }
        Failure told = failure(failure, LlamaLog.parse(lines));
        List<String> tail = lines.subList(Math.max(0, lines.size() - LOG_TAIL), lines.size());
        return new ForkResult(
                cell.id(),
                number,
                told.status,
                told.reason,
                tail,
                started,
                seconds,
                List.of(),
                observed,
                memory(memory));
    }

    private ChainedOptionsBuilder options(Cell cell, Optional<Path> model, Path log, Path memory, Path crashReport) {
        List<String> jvmArgs = new ArrayList<>(List.of(
                "-Dllama.home=" + llamaHome,
                "-Dheadroom.llama.log=" + log.toAbsolutePath(),
                "-D" + VramProfiler.REPORT + "=" + memory.toAbsolutePath(),
                "-XX:ErrorFile=" + crashReport.toAbsolutePath(),
                "-XX:-CreateCoredumpOnCrash"));
        model.ifPresent(file -> jvmArgs.add("-Dheadroom.model.path=" + file.toAbsolutePath()));
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^"
                        + JmhResults.entry(cell.benchmark().simpleName())
                                .getUsername()
                                .replace(".", "\\.") + "$")
                .forks(1)
                .warmupIterations(cell.settings().warmup())
                .measurementIterations(cell.settings().iterations())
                .shouldFailOnError(true)
                .addProfiler(
                        VramProfiler.class,
                        cell.settings()
                                .sampling()
                                .map(interval -> "interval=" + interval.toMillis() + "ms")
                                .orElse(""))
                .jvmArgsPrepend(jvmArgs.toArray(String[]::new));
        if (!cell.benchmark().isSingleShot()) {
            TimeValue time = TimeValue.milliseconds(cell.settings().time().toMillis());
            options.warmupTime(time).measurementTime(time);
        }
        cell.parameters().forEach(options::param);
        return options;
    }

    /** JMH's own text output, with a call when an iteration begins. */
    private static OutputFormat format(PrintStream out, Runnable onIteration) {
        OutputFormat text = OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL);
        return (OutputFormat) Proxy.newProxyInstance(
                JmhFork.class.getClassLoader(), new Class<?>[] {OutputFormat.class}, (proxy, method, args) -> {
                    if (method.getName().equals("iteration")) {
                        onIteration.run();
                    }
                    try {
                        return method.invoke(text, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private record Failure(Status status, String reason) {}

    private static Failure failure(@Nullable Throwable thrown, LlamaFacts facts) {
        if (thrown == null) {
            return new Failure(Status.CRASHED, "The fork ended without a result.");
        }
        List<Throwable> causes = new ArrayList<>();
        collect(thrown, causes, Collections.newSetFromMap(new IdentityHashMap<>()));
        for (Throwable cause : causes) {
            if (cause instanceof LlamaOutOfMemory) {
                return new Failure(Status.OOM, message(cause));
            }
            if (cause instanceof LlamaException || cause instanceof BadInput) {
                return new Failure(Status.REFUSED, message(cause));
            }
        }
        Throwable deepest = causes.get(causes.size() - 1);
        if (facts.failedAllocation().isPresent()) {
            return new Failure(Status.OOM, "An allocation failed, then: " + message(deepest));
        }
        return new Failure(Status.CRASHED, message(deepest));
    }

    private static void collect(@Nullable Throwable thrown, List<Throwable> into, Set<Throwable> seen) {
        if (thrown != null && seen.add(thrown)) {
            into.add(thrown);
            collect(thrown.getCause(), into, seen);
            for (Throwable suppressed : thrown.getSuppressed()) {
                collect(suppressed, into, seen);
            }
        }
    }

    private static String message(Throwable thrown) {
        String message = thrown.getMessage();
        return message == null ? thrown.getClass().getName() : message.strip();
    }

    /** What the profiler wrote; the fork may have ended before, or in the middle of it. */
    private static @Nullable ForkMemory memory(Path report) {
        try {
            return Json.read(Files.readString(report), ForkMemory.class);
        } catch (IOException e) {
            return null;
        }
    }

    private static List<String> lines(Path log) {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of(); // the fork ended before it touched llama.cpp
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static @Nullable Observed observed(LlamaFacts facts) {
        if (facts.buffers().isEmpty()) {
            return null;
        }
        return new Observed(
                facts.flashAttention().orElse(null),
                facts.offloadedLayers().isPresent() ? facts.offloadedLayers().getAsInt() : null,
                facts.totalLayers().isPresent() ? facts.totalLayers().getAsInt() : null,
                facts.devicesUsed(),
                Buffers.sizes(facts.buffers()));
    }
}
