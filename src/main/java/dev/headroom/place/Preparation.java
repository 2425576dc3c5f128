package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.environment.Cpu;
import dev.headroom.environment.Environment;
import dev.headroom.fork.DurationEstimate;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.KvCache;
import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.plan.Cell;
import dev.headroom.plan.ModelName;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.probe.CurrentEnvironment;
import dev.headroom.probe.Fingerprint;
import dev.headroom.probe.LlamaProbe;
import dev.headroom.probe.MemoryFit;
import dev.headroom.probe.Predictions;
import dev.headroom.result.Metric;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a place before the first fork: its part of a plan with every {@code local} and {@code 0} resolved,
 * on a machine and a llama.cpp that have been looked at. Making it finds what is wrong with the input; nothing is
 * written yet.
 *
 * @param cells those that run in this place, in the plan's order
 * @param environment where they run
 * @param models by id, with their path where they are or will be
 * @param refused why llama.cpp does not load a model, by the model's id
 * @param estimates of how long each cell takes, by id
 * @param predictions of what each cell will take, by id; of cells whose model can be loaded
 * @param meters which meters work here
 */
public record Preparation(
        List<Cell> cells,
        Environment environment,
        Run.Llama llama,
        Map<String, Run.Model> models,
        Map<String, String> refused,
        Map<String, DurationEstimate> estimates,
        Map<String, Prediction> predictions,
        List<Run.MeterFact> meters,
        Map<String, String> unavailable,
        List<String> warnings) {
    /** What a plan calls the place that Headroom itself runs in. */
    static final String LOCAL = "local";

    private static final String CANNOT_FIT = "Its context cannot fit, so it was not simulated.";

    /** A context so many times longer than a model was trained for is a slip of the finger. */
    private static final int MOST_TIMES_TRAINED = 64;

    /**
     * Looks at this machine, llama.cpp and the models.
     *
     * @param label what the plan calls this place: its cells with that value of the parameter environment are looked at
     * @param home directory of the library
     * @throws BadInput if something cannot be used
     */
    static Preparation of(Plan plan, String label, Path home) {
        Environment environment = CurrentEnvironment.detect();
        String name = checked(label, environment);
        int cores = Cpu.defaultThreads();
        List<Cell> cells = plan.cells().stream()
                .filter(cell -> cell.value(Parameter.ENVIRONMENT).equals(label))
                .map(cell -> resolved(cell, name, cores))
                .toList();
        Map<String, Gguf> headers = headers(cells);
        Map<String, Run.Model> models = models(cells, headers);
        List<String> warnings = new ArrayList<>();
        beyondTraining(cells, models).forEach(warning -> warnings.add(warning.text()));
        Run.Llama library = LlamaProbe.library(home);
        MemoryFit fit = MemoryFit.of(environment, library);
        models.values().forEach(fit::checkWeights);
        Map<String, String> refused = new LinkedHashMap<>();
        for (Run.Model model : models.values()) {
            if (!model.synthetic()) {
                LlamaProbe.refusal(home, Path.of(model.path())).ifPresent(reason -> refused.put(model.id(), reason));
            }
        }
        Map<String, Gguf> loadable = new LinkedHashMap<>(headers);
        loadable.keySet().removeAll(refused.keySet());
        Map<String, Prediction> predictions = predictions(cells, loadable, home, fit);
        notPredicted(cells, predictions).forEach(warning -> warnings.add(warning.text()));
        Map<String, String> unavailable = new LinkedHashMap<>();
        List<Run.MeterFact> working = meters(unavailable);
        unavailable.forEach((what, why) -> warnings.add(new Warning.NotMeasured("VRAM (" + what + ")", why).text()));
        return new Preparation(
                cells,
                environment,
                library,
                models,
                refused,
                estimates(cells, models, library),
                predictions,
                working,
                unavailable,
                warnings);
    }

    /** What another Headroom found in its place; it knows itself which cells it refuses. */
    static Preparation of(List<Cell> cells, Environment environment, Run told, Map<String, Prediction> predictions) {
        Map<String, Run.Model> models = new LinkedHashMap<>();
        told.models().forEach(model -> models.put(model.id(), model));
        return new Preparation(
                cells,
                environment,
                told.llama(),
                models,
                Map.of(),
                estimates(cells, models, told.llama()),
                predictions,
                told.meters(),
                told.unavailable(),
                told.warnings());
    }

    private static Map<String, DurationEstimate> estimates(
            List<Cell> cells, Map<String, Run.Model> models, Run.Llama llama) {
        boolean gpu = llama.devices().stream().anyMatch(device -> device.type().endsWith("gpu"));
        Map<String, DurationEstimate> estimates = new LinkedHashMap<>();
        for (Cell cell : cells) {
            Optional<Run.Model> model = cell.model().map(name -> known(models, name));
            long parameters = model.map(Run.Model::parameters).orElse(0L);
            long fileBytes = model.map(Run.Model::fileBytes).orElse(0L);
            estimates.put(cell.id(), new DurationEstimate(cell, parameters, fileBytes, gpu));
        }
        return estimates;
    }

    /** What each cell will take. Contexts that cannot fit by formula are not simulated: even that takes memory. */
    private static Map<String, Prediction> predictions(
            List<Cell> cells, Map<String, Gguf> headers, Path home, MemoryFit fit) {
        Map<String, Prediction> predictions = new LinkedHashMap<>();
        headers.forEach((id, header) -> {
            Map<Cell, Predictions.Point> simulated = new LinkedHashMap<>();
            for (Cell cell : cells) {
                if (cell.model().filter(name -> name.id().equals(id)).isPresent()) {
                    Predictions.Point point = Predictions.Point.of(cell).orElseThrow();
                    Prediction formula = Predictions.byFormula(header, point, CANNOT_FIT);
                    predictions.put(cell.id(), formula);
                    if (refusal(cell, header.tensorBytes(), formula, fit).isEmpty()) {
                        simulated.put(cell, point);
                    }
                }
            }
            if (!simulated.isEmpty()) {
                Map<Predictions.Point, Prediction> answers = Predictions.simulated(home, header, simulated.values());
                simulated.forEach(
                        (cell, point) -> predictions.put(cell.id(), Objects.requireNonNull(answers.get(point))));
            }
        });
        return predictions;
    }

    private static List<Warning> notPredicted(List<Cell> cells, Map<String, Prediction> predictions) {
        return cells.stream()
                .flatMap(cell -> Optional.ofNullable(predictions.get(cell.id()))
                        .map(Prediction::incomplete)
                        .filter(reason -> !reason.equals(CANNOT_FIT)) // the cell itself says so
                        .map(reason -> (Warning) new Warning.NotPredicted(
                                cell.value(Parameter.MODEL).id(), reason))
                        .stream())
                .distinct()
                .toList();
    }

    /** The prediction for a cell; null for a benchmark without a model. */
    public @Nullable Prediction prediction(String cell) {
        return predictions.get(cell);
    }

    /** @param cell the id of one of the plan's */
    DurationEstimate estimated(String cell) {
        return Objects.requireNonNull(estimates.get(cell));
    }

    /** What the results call this place: the value of the parameter environment. */
    public String name() {
        return cells.get(0).value(Parameter.ENVIRONMENT);
    }

    /** How long a cell takes, about. */
    Duration estimate(Cell cell) {
        return estimated(cell.id()).duration();
    }

    /** Makes the synthetic models that are not there yet. */
    void makeModels(BiConsumer<Run.Model, Double> progress) {
        for (Run.Model model : models.values()) {
            if (model.synthetic()) {
                ModelStore.ofUser()
                        .make(
                                SyntheticModel.parse(model.id()),
                                (done, total) -> progress.accept(model, (double) done / total));
            }
        }
    }

    /** What the results call this place. */
    private static String checked(String label, Environment environment) {
        if (label.equals(LOCAL)) {
            return environment.name();
        }
        if (environment.isCalled(label)) {
            return label;
        }
        throw new BadInput("The plan calls this environment " + label + " but it is " + environment.name()
                + ": call it " + environment.name() + ", or that with -something behind it.");
    }

    private static Cell resolved(Cell cell, String environment, int cores) {
        Cell resolved = cell.with(Parameter.ENVIRONMENT, environment);
        if (cell.has(Parameter.THREADS) && cell.value(Parameter.THREADS) == 0) {
            resolved = resolved.with(Parameter.THREADS, cores);
        }
        return resolved;
    }

    /** The headers of the models, by id; a synthetic model need not be written yet. */
    private static Map<String, Gguf> headers(List<Cell> cells) {
        Map<String, Gguf> headers = new LinkedHashMap<>();
        for (Cell cell : cells) {
            cell.model().ifPresent(name -> headers.computeIfAbsent(name.id(), id -> header(name)));
        }
        return headers;
    }

    private static Gguf header(ModelName name) {
        if (name.isFile()) {
            return Gguf.read(name.file().toAbsolutePath().normalize());
        }
        SyntheticModel synthetic = SyntheticModel.parse(name.text());
        return synthetic.header(ModelStore.ofUser().path(synthetic));
    }

    private static Map<String, Run.Model> models(List<Cell> cells, Map<String, Gguf> headers) {
        Map<String, Run.Model> models = new LinkedHashMap<>();
        for (Cell cell : cells) {
            cell.model()
                    .ifPresent(name -> models.computeIfAbsent(
                            name.id(), id -> look(name, Objects.requireNonNull(headers.get(id)))));
        }
        return models;
    }

    static Run.Model look(ModelName name, Gguf header) {
        OptionalLong trained = header.trainedContextLength();
        OptionalLong perToken =
                KvCache.of(header).map(KvCache::f16BytesPerToken).orElse(OptionalLong.empty());
        return new Run.Model(
                name.id(),
                header.path().toString(),
                !name.isFile(),
                header.architecture(),
                name.isFile()
                        ? header.fileTypeName().orElse(null)
                        : SyntheticModel.parse(name.text()).quantization().name(),
                header.parameterCount(),
                header.fileBytes(),
                header.tensorBytes(),
                trained.isPresent() ? trained.getAsLong() : null,
                perToken.isPresent() ? perToken.getAsLong() : null,
                name.isFile() ? Fingerprint.ofModel(header.path()).orElse(null) : null);
    }

    private static Run.Model known(Map<String, Run.Model> models, ModelName name) {
        return Objects.requireNonNull(models.get(name.id()));
    }

    Run.Model model(ModelName name) {
        return known(models, name);
    }

    /** The run before anything of it is measured. */
    Run run(Plan plan, String id, String version, String started) {
        Map<String, String> planned = new LinkedHashMap<>();
        planned.put("name", plan.name());
        plan.entries().forEach(entry -> planned.put(entry.key(), entry.value()));
        Map<String, String> where = new LinkedHashMap<>();
        where.put("name", environment.name());
        where.putAll(environment.facts());
        return new Run(
                Run.SCHEMA_VERSION,
                id,
                version,
                started,
                null,
                planned,
                where,
                llama,
                List.copyOf(models.values()),
                meters,
                unavailable,
                Map.of(),
                null,
                warnings,
                List.of());
    }

    /** The meters that serve here; a card's memory without one is put down as unavailable, with the reason. */
    private static List<Run.MeterFact> meters(Map<String, String> unavailable) {
        try (Meters meters = Meters.open()) {
            List<Run.MeterFact> working = new ArrayList<>();
            for (Meter meter : meters.serving()) {
                working.add(fact(meter.signal(), meter.metric()));
            }
            if (meters.serving().stream().noneMatch(meter -> meter.metric() == Metric.VRAM_PEAK)) {
                String reasons = meters.unavailable().stream()
                        .filter(meter ->
                                List.of("nvml.device", "amd.vram", "pdh").contains(meter.name()))
                        .map(Meters.Unavailable::reason)
                        .collect(Collectors.joining("; "));
                unavailable.put(Metric.VRAM_PEAK.label(), reasons);
            }
            return working;
        }
    }

    /** The facts about a signal and the metrics that it serves. */
    static Run.MeterFact fact(Meter.Signal signal, Metric... metrics) {
        return new Run.MeterFact(
                signal.meter(),
                signal.scope().name().toLowerCase(Locale.ROOT),
                signal.semantics().name().toLowerCase(Locale.ROOT),
                Stream.of(metrics).map(Metric::label).toList());
    }

    /**
     * Why a cell is not run at all: llama.cpp does not load its model; or its context cannot fit by arithmetic, and
     * would, on systems that promise more memory than they have, not fail but push the machine over.
     */
    Optional<String> refusal(Cell cell) {
        Prediction prediction = predictions.get(cell.id());
        return prediction == null
                ? cell.model().flatMap(model -> Optional.ofNullable(refused.get(model.id())))
                : refusal(
                        cell,
                        cell.model().map(this::model).orElseThrow().tensorBytes(),
                        prediction,
                        MemoryFit.of(environment, llama));
    }

    private static Optional<String> refusal(Cell cell, long tensorBytes, Prediction prediction, MemoryFit fit) {
        return cell.has(Parameter.CONTEXT_LENGTH)
                ? fit.refusal(
                        cell.value(Parameter.CONTEXT_LENGTH), cell.value(Parameter.UBATCH), tensorBytes, prediction)
                : Optional.empty();
    }

    /** Warns of contexts longer than a model was trained for, and refuses absurd ones. */
    private static List<Warning> beyondTraining(List<Cell> cells, Map<String, Run.Model> models) {
        Map<String, Long> longest = new LinkedHashMap<>();
        for (Cell cell : cells) {
            if (cell.has(Parameter.CONTEXT_LENGTH)) {
                longest.merge(
                        cell.value(Parameter.MODEL).id(),
                        Long.valueOf(cell.value(Parameter.CONTEXT_LENGTH)),
                        Math::max);
            }
        }
        List<Warning> warnings = new ArrayList<>();
        longest.forEach((id, length) -> {
            Run.Model model = models.get(id);
            Long trained = model == null ? null : model.trainedContextLength();
            if (trained != null && length / MOST_TIMES_TRAINED > trained) {
                throw new BadInput("A context of " + length + " tokens is more than " + MOST_TIMES_TRAINED
                        + " times the " + trained + " that " + id + " was trained for: take a shorter context.");
            }
            if (trained != null && length > trained) {
                warnings.add(new Warning.BeyondTraining(id, trained, length));
            }
        });
        return warnings;
    }
}
