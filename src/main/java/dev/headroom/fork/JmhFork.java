package dev.headroom.fork;

import dev.headroom.environment.OomKills;
import dev.headroom.llama.Heartbeat;
import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaLog;
import dev.headroom.plan.Cell;
import dev.headroom.probe.Buffers;
import dev.headroom.probe.ChildJvm;
import dev.headroom.probe.JnaFolder;
import dev.headroom.profiler.MemoryProfiler;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Json;
import dev.headroom.result.Observed;
import dev.headroom.result.Status;
import dev.headroom.result.Timestamp;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
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
 * Measures one cell once, in a fresh JVM: a JMH run with one fork. With several forks in one JMH run, a crash would
 * lose the good ones.
 */
public final class JmhFork {
    private static final int LOG_TAIL = 15;
    private static final String LOCK_WARNING = "# WARNING: JMH lock is ignored";

    private final Path logs;
    private final Path llamaHome;
    private final BooleanSupplier cancelled;

    public JmhFork(Path logs, Path llamaHome, BooleanSupplier cancelled) {
        this.logs = logs;
        this.llamaHome = llamaHome;
        this.cancelled = cancelled;
    }

    /**
     * The outcome of an attempt.
     *
     * @param stoodStill why the fork did not run all the time, as the middle of a sentence; its figures are then wrong.
     *     Null if it ran.
     * @param ended whether its processes have ended; if not, nothing else can be measured
     */
    public record Outcome(ForkResult result, @Nullable String stoodStill, boolean ended) {}

    /**
     * Runs the fork. A failure is a result.
     *
     * @param number 1 for the cell's first fork
     * @param onIteration called when an iteration begins, warm-up included
     * @return empty if the run was cancelled
     */
    public Optional<Outcome> run(
            Cell cell, @Nullable Path model, int number, ForkTimeouts limits, Runnable onIteration) {
        ForkFiles files = ForkFiles.in(logs, cell.id() + "." + number);
        files.delete();
        String started = Timestamp.millis();
        long start = System.nanoTime();
        OomKills killsBefore = OomKills.now();
        ForkWatch watch = new ForkWatch(limits, files.heartbeat(), files.threads(), cancelled);
        Attempt attempt = new Attempt(() -> measure(cell, model, files, limits, () -> {
            watch.iteration();
            onIteration.run();
        }));
        attempt.start();
        watch.over(attempt);
        double seconds = (System.nanoTime() - start) / 1e9;
        files.deleteHeartbeat();
        OptionalInt exit = ForkEnd.exit(attempt.failure);
        if (TerminalSignal.cancels(exit.isPresent() ? exit.getAsInt() : null, cancelled)) {
            return Optional.empty();
        }
        List<String> log = ForkFiles.lines(files.llama());
        LlamaFacts facts = LlamaLog.parse(log);
        ForkResult result;
        if (watch.limitPassed() == null && !attempt.iterations.isEmpty()) {
            result = ForkResult.measured(cell.id(), number, attempt.iterations, started, seconds);
        } else {
            ForkEnd end = watch.limitPassed() != null
                    ? new ForkEnd(Status.TIMEOUT, watch.limitPassed())
                    : ForkEnd.of(new ForkEnd.Evidence(
                            attempt.failure,
                            ForkFiles.lines(files.jmh()),
                            facts,
                            ForkFiles.lines(files.crash()),
                            OomKills.now().since(killsBefore)));
            result = ForkResult.failed(cell.id(), number, end.status(), end.reason(), started, seconds);
        }
        List<String> lastLines = log.subList(Math.max(0, log.size() - LOG_TAIL), log.size());
        return Optional.of(new Outcome(
                result.with(observed(facts), memory(files.memory()), lastLines), watch.stoodStill(), watch.ended()));
    }

    /** JMH's run of one fork, in a thread that can be abandoned. */
    private static final class Attempt extends Thread {
        private final Callable<Collection<RunResult>> measurement;
        private volatile List<Iteration> iterations = List.of();
        private volatile @Nullable Throwable failure;

        Attempt(Callable<Collection<RunResult>> measurement) {
            super("fork");
            this.measurement = measurement;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                iterations = JmhResults.iterations(measurement.call());
            } catch (Exception | Error e) {
                failure = e;
            }
        }
    }

    private Collection<RunResult> measure(
            Cell cell, @Nullable Path model, ForkFiles files, ForkTimeouts limits, Runnable onIteration)
            throws IOException, RunnerException {
        try (PrintStream out = new PrintStream(Files.newOutputStream(files.jmh()), true, StandardCharsets.UTF_8)) {
            return new Runner(options(cell, model, files, limits).build(), format(out, onIteration)).run();
        }
    }

    private ChainedOptionsBuilder options(Cell cell, @Nullable Path model, ForkFiles files, ForkTimeouts limits) {
        List<String> jvmArgs = new ArrayList<>(List.of(
                "-Dllama.home=" + llamaHome,
                "-Dheadroom.llama.log=" + files.llama(),
                "-D" + Heartbeat.FILE + "=" + files.heartbeat(),
                "-D" + MemoryProfiler.REPORT + "=" + files.memory(),
                "-D" + MemoryProfiler.HOST + "=" + ProcessHandle.current().pid(),
                ChildJvm.errorFile(files.crash()),
                JnaFolder.option(),
                "-XX:-CreateCoredumpOnCrash"));
        if (model != null) {
            jvmArgs.add("-Dheadroom.model.path=" + model.toAbsolutePath());
        }
        Duration sampling = cell.settings().sampling();
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^"
                        + JmhResults.entry(cell.benchmark().simpleName())
                                .getUsername()
                                .replace(".", "\\.") + "$")
                .forks(1)
                .warmupIterations(cell.settings().warmup())
                .measurementIterations(cell.settings().iterations())
                .shouldFailOnError(true)
                .timeout(TimeValue.milliseconds(limits.total().toMillis()))
                .addProfiler(MemoryProfiler.class, sampling == null ? "" : "interval=" + sampling.toMillis() + "ms")
                .jvmArgsPrepend(jvmArgs.toArray(String[]::new));
        if (!cell.benchmark().isSingleShot()) {
            TimeValue time = TimeValue.milliseconds(cell.settings().time().toMillis());
            options.warmupTime(time).measurementTime(time);
        }
        cell.parameters().forEach(options::param);
        return options;
    }

    /** JMH's text output, with a callback when an iteration begins. */
    private static OutputFormat format(PrintStream out, Runnable onIteration) {
        OutputFormat text = OutputFormatFactory.createFormatInstance(out, VerboseMode.NORMAL);
        return (OutputFormat) Proxy.newProxyInstance(
                JmhFork.class.getClassLoader(), new Class<?>[] {OutputFormat.class}, (proxy, method, args) -> {
                    if (method.getName().equals("iteration")) {
                        onIteration.run();
                    }
                    if (args != null
                            && args.length == 1
                            && String.valueOf(args[0]).startsWith(LOCK_WARNING)) {
                        return null; // MachineLock holds the lock
                    }
                    try {
                        return method.invoke(text, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The profiler's report; null if the fork ended before it was complete. */
    private static @Nullable ForkMemory memory(Path report) {
        try {
            return Json.read(Files.readString(report), ForkMemory.class);
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable Observed observed(LlamaFacts facts) {
        if (facts.buffers().isEmpty()) {
            return null;
        }
        return new Observed(
                facts.flashAttention(),
                facts.offloadedLayers(),
                facts.totalLayers(),
                facts.devicesUsed(),
                Buffers.sizes(facts.buffers()));
    }
}
