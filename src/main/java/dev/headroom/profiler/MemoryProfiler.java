package dev.headroom.profiler;

import dev.headroom.environment.Cpu;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.Phase;
import dev.headroom.memory.Meters;
import dev.headroom.memory.Pace;
import dev.headroom.memory.PhaseReadings;
import dev.headroom.memory.Sensor;
import dev.headroom.memory.Sensors;
import dev.headroom.plan.Parameter;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.Metric;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.runner.IterationType;

/**
 * JMH profiler that measures memory in every iteration: the metrics of {@link Metric}, explained in docs/meters.md.
 *
 * <p>Option: {@code interval=10ms}, the time between two readings of the leading meter, 1 to 1000 ms. By default
 * {@link Pace} chooses it.
 *
 * <p>If the system property {@value #REPORT} names a file, that file gets a {@link ForkMemory}: memory at the phases of
 * the fork, and metrics that were lost.
 */
public class MemoryProfiler implements InternalProfiler {
    private static final Pattern INTERVAL = Pattern.compile("interval=(?<millis>[1-9][0-9]{0,3})(?:ms)?");
    private static final int MAX_MILLIS = 1000;

    /** System property: path of the report's file. */
    public static final String REPORT = "headroom.memory.report";

    /** System property: id of the process that started this fork. The fork ends when that process ends. */
    public static final String HOST = "headroom.host";

    private final @Nullable Duration interval;
    private final Supplier<ForkGauges> gaugeSource;
    private final Supplier<PhaseReadings> phaseSource;
    private final SettledMetrics settled = new SettledMetrics();
    private final Remarks remarks = new Remarks();
    private @Nullable IterationReader reader;

    public MemoryProfiler() throws ProfilerException {
        this("");
    }

    public MemoryProfiler(String options) throws ProfilerException {
        this(options, Meters::open, Sensors::open, PhaseReadings::open);
    }

    MemoryProfiler(
            String options,
            Supplier<Meters> meters,
            Supplier<List<Sensor>> sensors,
            Supplier<PhaseReadings> phaseSource)
            throws ProfilerException {
        interval = interval(options.strip());
        gaugeSource = () -> new ForkGauges(meters.get().serving(), sensors.get());
        this.phaseSource = phaseSource;
    }

    private static @Nullable Duration interval(String options) throws ProfilerException {
        if (options.isEmpty()) {
            return null;
        }
        Matcher matcher = INTERVAL.matcher(options);
        int millis = matcher.matches() ? Integer.parseInt(matcher.group("millis")) : 0;
        if (millis < 1 || millis > MAX_MILLIS) {
            throw new ProfilerException("Unknown option of MemoryProfiler: " + options
                    + ". Give interval=10ms, from 1 to " + MAX_MILLIS + " ms, or nothing.");
        }
        return Duration.ofMillis(millis);
    }

    @Override
    public String getDescription() {
        return "Peak VRAM and RAM, llama.cpp's buffers and GPU energy of every iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        if (reader == null) {
            HostWatch.start();
            reader = open(leavesCoreFree(
                    benchmark.getParam(Parameter.THREADS.key()),
                    Runtime.getRuntime().availableProcessors()));
        }
        reader.begin();
    }

    /**
     * Whether llama.cpp's threads are fewer than the usable cores.
     *
     * @param threads the benchmark's parameter, 0 for the default; null if it has none: it computes on one thread
     */
    static boolean leavesCoreFree(@Nullable String threads, int usableCores) {
        int given = threads == null ? 1 : Integer.parseInt(threads);
        return (given == 0 ? Cpu.defaultThreads() : given) < usableCores;
    }

    /** Opens everything once in a fork. It stays open, as JMH has no hook at the end of a fork. */
    private IterationReader open(boolean freeCore) {
        ForkGauges gauges = gaugeSource.get();
        IterationReader opened =
                new IterationReader(gauges, interval, freeCore, new PhaseReport(phaseSource.get(), gauges), remarks);
        if (LlamaLibrary.loaded().isEmpty()) {
            opened.reached(Phase.START);
        }
        Phase.listen(opened::reached);
        return opened;
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        IterationReader open = reader;
        if (open == null) {
            throw new IllegalStateException("afterIteration without beforeIteration");
        }
        Map<Metric, Double> measured = open.end();
        if (iteration.getType() != IterationType.MEASUREMENT) {
            settled.warmedUp(measured.keySet());
            return List.of();
        }
        remarks.onCard(open.gauges());
        Set<Metric> lost = settled.settle(measured);
        if (!lost.isEmpty()) {
            remarks.onLost(lost);
            open.report().lost(lost);
        }
        return measured.entrySet().stream()
                .map(each -> JmhMetrics.result(each.getKey(), each.getValue()))
                .toList();
    }
}
