package dev.headroom.profiler;

import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.Phase;
import dev.headroom.memory.Cards;
import dev.headroom.memory.Gauge;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.memory.NvidiaCard;
import dev.headroom.memory.Pace;
import dev.headroom.memory.PeakMeter;
import dev.headroom.memory.PhaseReadings;
import dev.headroom.memory.Sampler;
import dev.headroom.memory.Sensor;
import dev.headroom.memory.Sensors;
import dev.headroom.memory.Series;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.runner.IterationType;

/**
 * Memory beside timing, in every iteration: the metrics that docs/meters.md describes. Option: {@code interval=10ms},
 * from one reading of the meter that matters most to the next, 1 to 1000 ms; without it, as {@link Pace} says.
 *
 * <p>Two things that are no metrics of iterations, memory at the borders of the fork's phases and meters that were
 * lost, go as a {@link ForkMemory} into the file that the system property {@value #REPORT} names, anew whenever there
 * is more.
 *
 * <p>The first measured iteration settles which labels the fork has. JMH fills a label's missing iterations with 0,
 * which does no harm to a maximum: a meter that is lost later, or was after it had answered in a warm-up, is left out
 * from there on, and its loss is said.
 */
public final class VramProfiler implements InternalProfiler {
    private static final double MIB = 1024.0 * 1024.0;
    private static final Pattern INTERVAL = Pattern.compile("interval=(?<millis>[1-9][0-9]{0,3})(?:ms)?");
    private static final int MAX_MILLIS = 1000;

    /** Names the file of the report. */
    public static final String REPORT = "headroom.memory.report";

    /** The process that started this fork; when it ends the fork does. */
    public static final String HOST = "headroom.host";

    /**
     * The metrics whose samples and gaps are reported, where they are polled; of vram's and of ram's the first counts.
     * The first of all is read most often.
     */
    private static final List<String> SAMPLED = List.of("vram.peak", "ram.peak", "ram.anon.peak");

    private final Optional<Duration> interval;
    private final Supplier<Meters> source;
    private final Supplier<List<Sensor>> sensorSource;
    private final Supplier<PhaseReadings> phaseSource;
    private final Map<LlamaFacts.Kind, Double> buffers = new EnumMap<>(LlamaFacts.Kind.class);
    private final Map<String, Result<?>> measured = new LinkedHashMap<>();
    private final Set<String> warmedUp = new LinkedHashSet<>();
    private final Set<String> said = new HashSet<>();

    private List<Meter> meters = List.of();
    private List<Sensor> sensors = List.of();
    private List<Gauge> gauges = List.of();
    private Optional<String> card = Optional.empty();
    private Pace pace = new Pace(List.of(), List.of(), null);
    private PhaseReadings phases = new PhaseReadings(new Meters(List.of(), List.of()));
    private final Set<String> lost = new LinkedHashSet<>();
    private volatile @Nullable Sampler sampler; // the benchmark's thread asks for readings too
    private @Nullable Set<String> labels;

    public VramProfiler() throws ProfilerException {
        this("");
    }

    public VramProfiler(String options) throws ProfilerException {
        this(options, Meters::open, Sensors::open, PhaseReadings::open);
    }

    VramProfiler(String options, Supplier<Meters> source) throws ProfilerException {
        this(options, source, List::of, () -> new PhaseReadings(source.get()));
    }

    VramProfiler(
            String options,
            Supplier<Meters> source,
            Supplier<List<Sensor>> sensorSource,
            Supplier<PhaseReadings> phaseSource)
            throws ProfilerException {
        this.source = source;
        this.sensorSource = sensorSource;
        this.phaseSource = phaseSource;
        if (options.isBlank()) {
            interval = Optional.empty();
            return;
        }
        Matcher matcher = INTERVAL.matcher(options.strip());
        int millis = matcher.matches() ? Integer.parseInt(matcher.group("millis")) : 0;
        if (millis < 1 || millis > MAX_MILLIS) {
            throw new ProfilerException("VramProfiler knows one option, interval=10ms, from 1 to " + MAX_MILLIS
                    + " ms, and was given: " + options);
        }
        interval = Optional.of(Duration.ofMillis(millis));
    }

    @Override
    public String getDescription() {
        return "Peak VRAM and RAM, llama.cpp's buffers and GPU energy of every iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        if (meters.isEmpty()) {
            HostWatch.start();
            open();
        }
        sampler = Sampler.start(gauges, pace);
    }

    /** Opened once a fork and kept to its end: there is no hook for that. */
    private void open() {
        meters = source.get().serving();
        sensors = sensorSource.get();
        gauges = new ArrayList<>(meters);
        gauges.addAll(sensors);
        pace = new Pace(gauges, leading(), interval.orElse(null));
        pace.measureCosts();
        phases = phaseSource.get();
        if (LlamaLibrary.loaded().isEmpty()) {
            reached(Phase.START);
        }
        Phase.listen(this::reached);
    }

    private List<Meter> leading() {
        return SAMPLED.stream()
                .map(this::polled)
                .filter(meters -> !meters.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    private List<Meter> polled(String metric) {
        return meters.stream()
                .filter(meter -> meter.metric().equals(metric) && !(meter instanceof PeakMeter))
                .toList();
    }

    /** What there is now may be gone at the sampler's next deadline. */
    private void reached(Phase phase) {
        Sampler running = sampler;
        if (running != null) {
            running.readNow();
        }
        if (phases.read(phase)) {
            report();
        }
    }

    private void report() {
        String file = System.getProperty(REPORT);
        if (file == null) {
            return;
        }
        Optional<String> of = card.isPresent() ? card : LlamaLibrary.loaded().flatMap(VramProfiler::cardOfModel);
        Map<String, Map<String, Double>> mebibytes = new LinkedHashMap<>();
        phases.all(of.orElse(null)).forEach((phase, signals) -> {
            Map<String, Double> values = new LinkedHashMap<>();
            signals.forEach((signal, bytes) -> values.put(signal, bytes / MIB));
            mebibytes.put(phase.name().toLowerCase(Locale.ROOT), values);
        });
        try {
            Files.writeString(Path.of(file), Json.line(new ForkMemory(mebibytes, List.copyOf(lost))));
        } catch (IOException e) {
            System.err.println("headroom: " + file + " could not be written, what was measured stands: " + e);
        }
    }

    private static Optional<String> cardOfModel(LlamaLibrary library) {
        List<String> log = library.log().lines();
        return Cards.ofModel(log).or(() -> NvidiaCard.ofModel(log));
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        Sampler stopped = sampler;
        if (stopped == null) {
            throw new IllegalStateException("There was no beforeIteration.");
        }
        sampler = null;
        stopped.stop();
        LlamaLibrary.loaded().ifPresent(this::ask);
        measured.clear();
        memory(stopped);
        allCards(stopped);
        stopped.costPercent().ifPresent(percent -> put("sampling.cost", percent, "%"));
        buffers();
        sensors(stopped);
        if (iteration.getType() != IterationType.MEASUREMENT) {
            warmedUp.addAll(measured.keySet());
            return List.of();
        }
        settle();
        return List.copyOf(measured.values());
    }

    private void ask(LlamaLibrary library) {
        if (card.isEmpty()) {
            card = cardOfModel(library);
        }
        LlamaFacts facts = library.log().facts();
        for (LlamaFacts.Kind kind : LlamaFacts.Kind.values()) {
            facts.mebibytes(kind).ifPresent(mebibytes -> buffers.put(kind, mebibytes));
        }
    }

    private void memory(Sampler stopped) {
        for (String metric : meters.stream().map(Meter::metric).distinct().toList()) {
            Optional<Meter> meter = Meters.of(meters, metric, card.orElse(null));
            if (meter.isEmpty() || stopped.of(meter.get()).peak().isEmpty()) {
                continue;
            }
            Series series = stopped.of(meter.get());
            put(metric, series.peak().getAsLong() / MIB, "MiB");
            if (metric.equals("vram.peak")) {
                phases.of(Phase.START, metric, card.orElse(null))
                        .ifPresent(bytes -> put("vram.baseline", bytes / MIB, "MiB"));
            }
            String name = metric.substring(0, metric.indexOf('.'));
            if (SAMPLED.contains(metric)
                    && !(meter.get() instanceof PeakMeter)
                    && !measured.containsKey("·" + name + ".samples")) {
                put(name + ".samples", (double) series.samples(), "#");
                put(name + ".gap.max", series.longestGapMillis(), "ms");
            }
        }
    }

    /** What a model that is spread over cards takes; of each its own peak, which need not be at the same time. */
    private void allCards(Sampler stopped) {
        List<OptionalLong> peaks = polled("vram.peak").stream()
                .filter(meter -> meter.card().isPresent())
                .map(meter -> stopped.of(meter).peak())
                .toList();
        if (peaks.size() > 1 && peaks.stream().allMatch(OptionalLong::isPresent)) {
            long sum = peaks.stream().mapToLong(OptionalLong::getAsLong).sum();
            put("vram.all.peak", sum / MIB, "MiB");
        }
    }

    private void buffers() {
        buffer("buffers.model", LlamaFacts.Kind.MODEL);
        buffer("buffers.kv", LlamaFacts.Kind.KV, LlamaFacts.Kind.RECURRENT);
        buffer("buffers.compute", LlamaFacts.Kind.COMPUTE);
        buffer("buffers.output", LlamaFacts.Kind.OUTPUT);
    }

    private void buffer(String label, LlamaFacts.Kind... kinds) {
        Stream.of(kinds)
                .filter(buffers::containsKey)
                .map(buffers::get)
                .reduce(Double::sum)
                .ifPresent(mebibytes -> put(label, mebibytes, "MiB"));
    }

    private void sensors(Sampler stopped) {
        for (Sensor sensor : Cards.on(card.orElse(null), sensors)) {
            sensor.value(stopped.of(sensor)).ifPresent(value -> put(sensor.metric(), value, sensor.unit()));
            sensor.remark().filter(said::add).ifPresent(remark -> System.err.println("headroom: " + remark));
        }
    }

    private void put(String label, double value, String unit) {
        measured.put("·" + label, new ScalarResult("·" + label, value, unit, policy("·" + label)));
    }

    /**
     * How iterations and forks of a label are merged: what is counted is added, what sensors tell averaged, peaks are
     * peaks.
     */
    public static AggregationPolicy policy(String label) {
        if (label.endsWith(".samples") || label.startsWith("·ram.faults.")) {
            return AggregationPolicy.SUM;
        }
        boolean mean =
                (label.startsWith("·gpu.") && !label.equals("·gpu.temperature")) || label.startsWith("·sampling.");
        return mean ? AggregationPolicy.AVG : AggregationPolicy.MAX;
    }

    private void settle() {
        if (labels == null) {
            labels = new LinkedHashSet<>(measured.keySet());
            labels.addAll(warmedUp);
            long rivals = meters.stream()
                    .filter(meter -> meter.metric().equals("vram.peak"))
                    .count();
            if (rivals > 1 && card.isEmpty()) {
                System.err.println("headroom: there are " + rivals + " GPUs and llama.cpp does not say which one holds"
                        + " the model: the first one is measured.");
            }
            if (rivals > 0 && Meters.of(meters, "vram.peak", card.orElse(null)).isEmpty()) {
                System.err.println("headroom: no meter here is about the card that holds the model, " + card.orElse("")
                        + ": its VRAM is not measured.");
            }
        }
        Set<String> missing = new LinkedHashSet<>(labels);
        missing.removeAll(measured.keySet());
        if (!missing.isEmpty()) {
            System.err.println("headroom: no longer measured in this fork, as its meter stopped answering: "
                    + String.join(", ", missing));
            labels.removeAll(missing);
            lost.addAll(missing);
            report();
        }
        measured.keySet().retainAll(labels);
    }
}
