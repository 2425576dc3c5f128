package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.plan.Parameter;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Metric;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Noise;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.SpillSignals;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The runs to compare. Keeps only the data that a comparison needs, as there may be 1,000 runs. */
public final class Runs {
    private static final String NAME = "run.json";

    /** Largest accepted value: the square of a larger one could overflow. */
    private static final double LARGEST_VALUE = 1e100;

    /** Equal parameters and metrics of many runs, stored once. */
    private final Map<Object, Object> shared = new ConcurrentHashMap<>();

    private final List<MeasuredRun> runs;

    private Runs(List<Path> paths) {
        List<Path> files = paths.stream().map(Runs::file).toList();
        if (files.stream().map(Runs::real).distinct().count() < files.size()) {
            throw new BadInput("The same run is given twice: give each run once.");
        }
        runs = files.parallelStream().map(this::read).toList();
    }

    /**
     * Reads runs in parallel.
     *
     * @param paths run folders, or their run.json files
     * @throws BadInput if a path is no run
     */
    public static Runs read(List<Path> paths) {
        return new Runs(paths);
    }

    /** All runs in the order of the paths. */
    List<MeasuredRun> all() {
        return runs;
    }

    private static Path file(Path path) {
        return Files.isDirectory(path) ? path.resolve(NAME) : path;
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    private MeasuredRun read(Path file) {
        try {
            byte[] json = Files.readAllBytes(file);
            Document run = Json.read(json, Document.class);
            return run(file, run, run.cells.stream().allMatch(cell -> cell.spill == null) ? spills(json) : Map.of());
        } catch (NoSuchFileException e) {
            throw new BadInput(
                    "No file " + file + ": give a run folder, such as results/<time>-<plan>, or its run.json.", e);
        } catch (JsonProcessingException e) {
            if (e.getOriginalMessage().startsWith("Unexpected end-of-input")) {
                throw new BadInput(
                        file + " is incomplete: copy it again, or continue the run with headroom run --resume DIR.", e);
            }
            throw new BadInput(
                    file + " is not a run.json of this version of Headroom (" + e.getOriginalMessage()
                            + "): give a run folder.",
                    e);
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read (" + e + "): give a run folder.", e);
        }
    }

    /** Verdicts on the cells of an older run, by id. */
    private static Map<String, Spill> spills(byte[] json) throws IOException {
        Run run = Json.read(json, Run.class);
        Map<String, Spill> spills = new HashMap<>();
        SpillSignals.judge(run.cells(), cell -> run.place(cell.params().getOrDefault("environment", "")))
                .forEach(cell -> {
                    Spill spill = cell.memory().spill();
                    if (spill != null) {
                        spills.put(cell.id(), spill);
                    }
                });
        return spills;
    }

    private MeasuredRun run(Path file, Document run, Map<String, Spill> spills) {
        if (run.schemaVersion < 1 || run.schemaVersion > Run.SCHEMA_VERSION) {
            throw new BadInput(file + " has schema version " + run.schemaVersion + ", but this Headroom reads version "
                    + Run.SCHEMA_VERSION + ": use Headroom " + run.headroom + ", or measure again.");
        }
        Map<String, Double> resolutions = new HashMap<>();
        if (run.proof != null && run.proof.disturbedMib == null) {
            for (MeterReport.Entry meter : run.proof.meters) {
                if (meter.resolutionKib() != null) {
                    resolutions.merge(meter.name(), meter.resolutionKib(), Math::max);
                }
            }
        }
        Run.PlaceFacts ownPlace = new Run.PlaceFacts(run.environment, run.llama, share(run.meters), run.unavailable);
        Map<String, Run.Model> models =
                run.models.stream().collect(Collectors.toMap(Run.Model::id, model -> model, (one, two) -> one));
        List<MeasuredCell> cells = new ArrayList<>(run.cells.size());
        for (Cell cell : run.cells) {
            Run.PlaceFacts place =
                    run.places == null ? null : run.places.get(cell.params.getOrDefault("environment", ""));
            cells.add(cell(
                    cell,
                    cell.spill == null ? spills.get(cell.id) : cell.spill,
                    run.plan,
                    place == null ? ownPlace : place,
                    models.get(cell.params.getOrDefault("model", ""))));
        }
        return new MeasuredRun(run.id, run.headroom, resolutions, cells);
    }

    /**
     * The planned values of parameters that the machine resolved. Older runs do not have them: there, {@code threads}
     * is 0 unless the plan has it.
     */
    private static Map<String, String> planned(Cell cell, NamedValues plan) {
        if (cell.planned != null) {
            return cell.planned;
        }
        String threads = Parameter.THREADS.key();
        boolean inPlan = plan.values().keySet().stream().anyMatch(key -> key.endsWith(threads));
        return inPlan || !cell.params.containsKey(threads)
                ? Map.of()
                : Map.of(threads, Parameter.THREADS.byDefault().toString());
    }

    private MeasuredCell cell(
            Cell cell, @Nullable Spill spill, NamedValues plan, Run.PlaceFacts place, Run.@Nullable Model model) {
        Observed observed = cell.observed == null ? new Observed(null, null, List.of()) : cell.observed;
        Map<String, String> planned = planned(cell, plan);
        Map<String, String> params = dev.headroom.plan.Cell.complete(cell.benchmark, cell.params);
        params.putAll(planned);
        Map<String, String> resolved = new LinkedHashMap<>(cell.params);
        resolved.keySet().retainAll(planned.keySet());
        Conditions conditions = new Conditions(
                cell.mode,
                cell.unit,
                cell.warmup,
                cell.iterations,
                cell.time,
                place.environment().values().getOrDefault("os", ""),
                place.llama(),
                model,
                observed.flashAttention,
                observed.offloadedLayers,
                share(observed.devices));
        Map<Measure, double[]> values = values(cell);
        return new MeasuredCell(
                cell.id,
                share(cell.benchmark),
                share(params),
                share(resolved),
                place,
                conditions,
                cell.status,
                cell.reason,
                new Samples(
                        cell.samples.stream().mapToInt(fork -> fork.number).toArray(),
                        share(List.copyOf(values.keySet())),
                        values.values().toArray(double[][]::new)),
                cell.waterfalls,
                observed.devices.isEmpty() ? null : observed.devices.get(0),
                spill,
                share(Noise.words(cell.noise, " ")));
    }

    private static Map<Measure, double[]> values(Cell cell) {
        Map<Measure, double[]> values = new LinkedHashMap<>();
        int forks = cell.samples.size();
        Map<String, double[]> byLabel = new HashMap<>();
        for (int i = 0; i < forks; i++) {
            ForkValues fork = cell.samples.get(i);
            put(values, new Measure(Measure.SCORE, cell.unit), forks, i, fork.score);
            for (int p = 0; p < fork.percentiles.size(); p++) {
                Measure percentile = new Measure("p" + fork.percentiles.name(p), cell.unit);
                put(values, percentile, forks, i, fork.percentiles.value(p));
            }
            for (int m = 0; m < fork.metrics.size(); m++) {
                String label = fork.metrics.name(m);
                double value = fork.metrics.value(m);
                double[] of = byLabel.get(label);
                if (of == null) {
                    of = allNaN(forks);
                    byLabel.put(label, of);
                    double[] all = of;
                    if (cell.metrics.containsKey(label)) {
                        Measure.of(label, cell.mode).ifPresent(measure -> values.put(measure, all));
                    }
                }
                of[i] = Math.abs(value) <= LARGEST_VALUE ? value : Double.NaN;
            }
            OptionalDouble used = value(byLabel, Metric.VRAM_PEAK, i);
            OptionalDouble before = value(byLabel, Metric.VRAM_BASELINE, i);
            if (used.isPresent() && before.isPresent()) {
                Measure added = new Measure(Measure.ADDED_VRAM, Metric.VRAM_PEAK.unit());
                put(values, added, forks, i, used.getAsDouble() - before.getAsDouble());
            }
            double[] power = byLabel.get(Metric.GPU_POWER.label());
            if (power != null && cell.unit.equals("tokens/s") && fork.score > 0) {
                put(values, new Measure(Measure.ENERGY, "J"), forks, i, power[i] / fork.score);
            }
        }
        return values;
    }

    private static OptionalDouble value(Map<String, double[]> byLabel, Metric metric, int fork) {
        double[] values = byLabel.get(metric.label());
        return values == null || Double.isNaN(values[fork]) ? OptionalDouble.empty() : OptionalDouble.of(values[fork]);
    }

    private static void put(Map<Measure, double[]> values, Measure measure, int forks, int fork, double value) {
        if (Math.abs(value) <= LARGEST_VALUE) {
            values.computeIfAbsent(measure, first -> allNaN(forks))[fork] = value;
        }
    }

    private static double[] allNaN(int forks) {
        double[] all = new double[forks];
        Arrays.fill(all, Double.NaN);
        return all;
    }

    @SuppressWarnings("unchecked") // an equal object has the same class
    private <T> T share(T value) {
        return (T) shared.computeIfAbsent(value, same -> same);
    }

    /** The part of {@link Run} that a comparison reads. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Document(
            int schemaVersion,
            String id,
            String headroom,
            NamedValues plan,
            NamedValues environment,
            Run.Llama llama,
            List<Run.Model> models,
            List<Run.MeterFact> meters,
            Map<String, String> unavailable,
            @Nullable Map<String, Run.PlaceFacts> places,
            @Nullable Proof proof,
            List<Cell> cells) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Proof(List<MeterReport.Entry> meters, @Nullable Double disturbedMib) {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Cell(
            String id,
            String benchmark,
            String mode,
            String unit,
            Map<String, String> params,
            @Nullable Map<String, String> planned,
            int warmup,
            int iterations,
            @Nullable String time,
            Status status,
            @Nullable String reason,
            Map<String, Merged> metrics,
            List<ForkValues> samples,
            @Nullable Observed observed,
            List<Waterfall> waterfalls,
            @Nullable Spill spill,
            List<Noise> noise) {}

    /** A metric of a cell: its values are read from the forks. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Merged() {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Observed(
            @Nullable Boolean flashAttention, @Nullable Integer offloadedLayers, List<String> devices) {}
}
