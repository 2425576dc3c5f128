package dev.headroom.fork;

import dev.headroom.plan.Cell;
import dev.headroom.probe.Predictions;
import dev.headroom.profiler.JmhMetrics;
import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.ForkSummary;
import dev.headroom.result.CellResult.MemoryDetails;
import dev.headroom.result.CellResult.Protocol;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Iteration.Sample;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Noise;
import dev.headroom.result.Observed;
import dev.headroom.result.Prediction;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.AverageTimeResult;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.IterationResultMetaData;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ResultRole;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.SampleTimeResult;
import org.openjdk.jmh.results.SingleShotResult;
import org.openjdk.jmh.results.ThroughputResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.IterationType;
import org.openjdk.jmh.runner.WorkloadParams;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.SampleBuffer;
import org.openjdk.jmh.util.Statistics;
import org.openjdk.jmh.util.Utils;
import org.openjdk.jmh.util.Version;

/**
 * Converts between JMH's results and records. An iteration of a fork becomes a record for the journal. The records of
 * all forks of a cell become JMH results again, and JMH's own statistics merge them.
 */
public final class JmhResults {
    /** The divisor that turns a score back into JMH's operations and time. */
    private static final long NANOS = TimeUnit.SECONDS.toNanos(1_000);

    private static final Map<String, BenchmarkListEntry> BENCHMARKS = benchmarks();

    private JmhResults() {}

    private static Map<String, BenchmarkListEntry> benchmarks() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        return BenchmarkList.defaultList()
                .getAll(OutputFormatFactory.createFormatInstance(nowhere, VerboseMode.SILENT), List.of())
                .stream()
                .filter(entry -> entry.getUserClassQName().startsWith("dev.headroom.bench."))
                .collect(Collectors.toMap(
                        entry -> entry.getUserClassQName().replaceAll(".*\\.", ""), Function.identity()));
    }

    /** The benchmark of a simple class name. */
    static BenchmarkListEntry entry(String simpleName) {
        BenchmarkListEntry entry = BENCHMARKS.get(simpleName);
        if (entry == null) {
            throw new IllegalStateException("There is no benchmark " + simpleName + " in META-INF/BenchmarkList.");
        }
        return entry;
    }

    /** The measured iterations of a JMH run with one benchmark and one fork. */
    static List<Iteration> iterations(Collection<RunResult> results) {
        List<Iteration> iterations = new ArrayList<>();
        for (RunResult result : results) {
            for (BenchmarkResult fork : result.getBenchmarkResults()) {
                for (IterationResult iteration : fork.getIterationResults()) {
                    iterations.add(iteration(iterations.size() + 1, iteration));
                }
            }
        }
        return iterations;
    }

    private static Iteration iteration(int number, IterationResult iteration) {
        Result<?> primary = iteration.getPrimaryResult();
        @Nullable List<Sample> samples = null;
        if (iteration.getBenchmarkParams().getMode() == Mode.SampleTime) {
            samples = samples(
                    primary.getStatistics(), iteration.getBenchmarkParams().getTimeUnit());
        }
        return new Iteration(number, primary.getScore(), metrics(iteration.getSecondaryResults()), samples);
    }

    private static List<Sample> samples(Statistics statistics, TimeUnit unit) {
        List<Sample> samples = new ArrayList<>();
        for (Iterator<Map.Entry<Double, Long>> all = statistics.getRawData(); all.hasNext(); ) {
            Map.Entry<Double, Long> one = all.next();
            samples.add(new Sample(Math.round(one.getKey() * unit.toNanos(1)), one.getValue()));
        }
        return samples;
    }

    /** JMH's result of a cell, its good forks merged; empty if there is none. */
    public static Optional<RunResult> merged(Cell cell, List<ForkResult> forks) {
        List<ForkResult> good = forks.stream().filter(ForkResult::ok).toList();
        if (good.isEmpty()) {
            return Optional.empty();
        }
        BenchmarkParams params = params(cell, good.size());
        Set<Metric> incompleteMeans = incompleteMeans(good);
        List<BenchmarkResult> results = new ArrayList<>();
        for (ForkResult fork : good) {
            List<IterationResult> iterations = new ArrayList<>();
            for (Iteration iteration : fork.iterations()) {
                IterationResult result =
                        new IterationResult(params, params.getMeasurement(), new IterationResultMetaData(0, 0));
                result.addResult(primary(params, iteration));
                iteration.metrics().forEach((metric, value) -> {
                    if (!incompleteMeans.contains(metric)) {
                        result.addResult(JmhMetrics.result(metric, value.value()));
                    }
                });
                iterations.add(result);
            }
            results.add(new BenchmarkResult(params, iterations));
        }
        return Optional.of(new RunResult(params, results));
    }

    /**
     * JMH takes 0 for a label that an iteration lacks: that changes no maximum and no sum, but it would falsify a mean.
     */
    private static Set<Metric> incompleteMeans(List<ForkResult> forks) {
        List<Set<Metric>> measured = forks.stream()
                .flatMap(fork -> fork.iterations().stream())
                .map(iteration -> iteration.metrics().keySet())
                .toList();
        return measured.stream()
                .flatMap(Set::stream)
                .filter(metric -> metric.merge() == Metric.Merge.MEAN)
                .filter(metric -> measured.stream().anyMatch(of -> !of.contains(metric)))
                .collect(Collectors.toSet());
    }

    private static Result<?> primary(BenchmarkParams params, Iteration iteration) {
        TimeUnit unit = params.getTimeUnit();
        String label = params.getBenchmark().replaceAll(".*\\.", "");
        double score = iteration.score();
        return switch (params.getMode()) {
            case Throughput ->
                new ThroughputResult(ResultRole.PRIMARY, label, score * NANOS / unit.toNanos(1), NANOS, unit);
            case AverageTime ->
                new AverageTimeResult(ResultRole.PRIMARY, label, NANOS / (score * unit.toNanos(1)), NANOS, unit);
            case SingleShotTime ->
                new SingleShotResult(ResultRole.PRIMARY, label, Math.round(score * unit.toNanos(1)), unit);
            case SampleTime -> new SampleTimeResult(ResultRole.PRIMARY, label, buffer(iteration), unit);
            default -> throw new IllegalStateException("no benchmark has mode " + params.getMode());
        };
    }

    private static SampleBuffer buffer(Iteration iteration) {
        SampleBuffer buffer = new SampleBuffer();
        List<Sample> samples = iteration.samples() == null ? List.of() : iteration.samples();
        for (Sample sample : samples) {
            for (long n = 0; n < sample.count(); n++) {
                buffer.add(sample.nanos());
            }
        }
        return buffer;
    }

    private static BenchmarkParams params(Cell cell, int forks) {
        BenchmarkListEntry entry = entry(cell.benchmark().simpleName());
        WorkloadParams workload = new WorkloadParams();
        cell.parameters().forEach((name, value) -> workload.put(name, value, 0));
        TimeValue time = cell.benchmark().isSingleShot()
                ? TimeValue.NONE
                : TimeValue.milliseconds(cell.settings().time().toMillis());
        return new BenchmarkParams(
                entry.getUsername(),
                entry.generatedTarget(),
                false,
                1,
                new int[] {1},
                List.of(),
                forks,
                0,
                new IterationParams(IterationType.WARMUP, cell.settings().warmup(), time, 1),
                new IterationParams(IterationType.MEASUREMENT, cell.settings().iterations(), time, 1),
                entry.getMode(),
                workload,
                entry.getTimeUnit().orElse(TimeUnit.SECONDS),
                entry.getOperationsPerInvocation().orElse(1),
                Utils.getCurrentJvm(),
                entry.getJvmArgsAppend().orElse(List.of()),
                System.getProperty("java.version"),
                System.getProperty("java.vm.name"),
                System.getProperty("java.vm.version"),
                Version.getPlainVersion(),
                TimeValue.minutes(10));
    }

    /** The cell's result: the status of its first failed fork, score and metrics of the good forks. */
    public static CellResult cellResult(Cell cell, List<ForkResult> forks, @Nullable Prediction prediction) {
        Optional<RunResult> merged = merged(cell, forks);
        Optional<ForkResult> bad = forks.stream().filter(fork -> !fork.ok()).findFirst();
        boolean incomplete = forks.size() < cell.settings().forks();
        Status status = bad.map(ForkResult::status).orElse(incomplete ? Status.CANCELLED : Status.OK);
        Observed observed = forks.stream()
                .map(ForkResult::observed)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        return new CellResult(
                cell.id(),
                cell.benchmark().simpleName(),
                cell.benchmark().mode(),
                cell.benchmark().unit(),
                cell.parameters(),
                cell.resolvedHere(),
                new Protocol(
                        cell.settings().forks(),
                        cell.settings().warmup(),
                        cell.settings().iterations(),
                        cell.benchmark().isSingleShot()
                                ? null
                                : cell.settings().time().toMillis() + "ms"),
                status,
                bad.map(ForkResult::reason).orElse(incomplete ? "The run ended before this cell was done." : null),
                bad.map(ForkResult::logTail).orElse(List.of()),
                merged.map(JmhResults::score).orElse(null),
                merged.map(result -> metrics(result.getSecondaryResults())).orElse(new TreeMap<>()),
                forks.stream().flatMap(fork -> summary(cell, fork).stream()).toList(),
                new MemoryDetails(
                        observed,
                        phases(forks),
                        waterfalls(forks),
                        prediction == null || observed == null || status != Status.OK
                                ? prediction
                                : Predictions.against(prediction, observed),
                        null),
                Noise.worst(
                        forks.stream().flatMap(fork -> fork.noise().stream()).toList()));
    }

    /**
     * The phases of the good fork with the largest peak, of VRAM if it was measured. Without a good fork, of the first
     * fork that has phases.
     */
    private static Map<String, Map<String, Double>> phases(List<ForkResult> forks) {
        return largest(forks, Metric.VRAM_PEAK)
                .or(() -> largest(forks, Metric.RAM_PEAK))
                .or(() -> forks.stream().filter(fork -> fork.memory() != null).findFirst())
                .map(ForkResult::memory)
                .map(ForkMemory::phases)
                .orElse(Map.of());
    }

    private static List<Waterfall> waterfalls(List<ForkResult> forks) {
        return Stream.of(
                        largest(forks, Metric.VRAM_PEAK).flatMap(Waterfall::vram),
                        largest(forks, Metric.RAM_PEAK).flatMap(Waterfall::ram))
                .flatMap(Optional::stream)
                .toList();
    }

    private static Optional<ForkResult> largest(List<ForkResult> forks, Metric metric) {
        return forks.stream()
                .filter(fork -> fork.ok() && Waterfall.peak(fork, metric).isPresent())
                .max(Comparator.comparingDouble(
                        fork -> Waterfall.peak(fork, metric).orElse(0)));
    }

    private static Optional<ForkSummary> summary(Cell cell, ForkResult fork) {
        return merged(cell, List.of(fork)).map(result -> {
            Score score = score(result);
            SortedMap<Metric, Double> metrics = new TreeMap<>();
            metrics(result.getSecondaryResults()).forEach((metric, value) -> metrics.put(metric, value.value()));
            return new ForkSummary(fork.fork(), score.value(), score.percentiles(), metrics);
        });
    }

    /** The metrics of the catalogue; JMH has secondary results of its own, such as percentiles. */
    @SuppressWarnings("rawtypes") // as JMH has them
    private static SortedMap<Metric, MetricValue> metrics(Map<String, Result> secondary) {
        SortedMap<Metric, MetricValue> metrics = new TreeMap<>();
        secondary.forEach((label, result) ->
                Metric.labelled(label).ifPresent(metric -> metrics.put(metric, metric.value(result.getScore()))));
        return metrics;
    }

    private static Score score(RunResult result) {
        Result<?> primary = result.getPrimaryResult();
        double error = primary.getScoreError();
        @Nullable SortedMap<String, Double> percentiles = null;
        if (result.getParams().getMode() == Mode.SampleTime) {
            percentiles = new TreeMap<>();
            for (int p : new int[] {50, 95, 99}) {
                percentiles.put(Integer.toString(p), primary.getStatistics().getPercentile(p));
            }
        }
        return new Score(
                primary.getScore(), Double.isFinite(error) ? error : null, primary.getSampleCount(), percentiles);
    }

    /** What JMH writes with {@code -rf json}. */
    public static String json(Collection<RunResult> results) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
