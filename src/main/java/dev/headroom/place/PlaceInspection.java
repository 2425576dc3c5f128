package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.environment.Cpu;
import dev.headroom.environment.Environment;
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
import dev.headroom.probe.CardFit;
import dev.headroom.probe.CurrentEnvironment;
import dev.headroom.probe.Fingerprint;
import dev.headroom.probe.LlamaProbe;
import dev.headroom.probe.MemoryFit;
import dev.headroom.probe.Predictions;
import dev.headroom.result.Metric;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Inspects this machine, llama.cpp and the models before the first fork. It finds wrong input and writes nothing. */
final class PlaceInspection {
    private static final String CANNOT_FIT = "Its context cannot fit, so it was not simulated.";

    /** The largest ratio of a context to the trained context length. A larger one is a typing error. */
    private static final int MAX_TIMES_TRAINED = 64;

    private final Path llamaHome;
    private final List<Cell> cells;
    private final MemoryFit fit;
    private final Map<String, Gguf> headers = new LinkedHashMap<>();
    private final Map<String, Run.Model> models = new LinkedHashMap<>();
    private final Map<String, String> refusals = new LinkedHashMap<>();
    private final Map<String, Prediction> predictions = new LinkedHashMap<>();
    private final List<Warning> warnings = new ArrayList<>();

    private PlaceInspection(Path llamaHome, List<Cell> cells, MemoryFit fit) {
        this.llamaHome = llamaHome;
        this.cells = cells;
        this.fit = fit;
    }

    /**
     * Inspects the current place.
     *
     * @param label the plan's value of the parameter environment for this place, which selects the cells
     * @param llamaHome directory of llama.cpp
     * @throws BadInput if something cannot be used
     */
    static Preparation of(Plan plan, String label, Path llamaHome) {
        Environment environment = CurrentEnvironment.detect();
        String name = name(label, environment);
        int cores = Cpu.defaultThreads();
        List<Cell> cells = plan.cells().stream()
                .filter(cell -> cell.value(Parameter.ENVIRONMENT).equals(label))
                .map(cell -> resolved(cell, name, cores))
                .toList();
        Map<String, Gguf> headers = headers(cells);
        Run.Llama llama = LlamaProbe.library(llamaHome);
        PlaceInspection inspection = new PlaceInspection(llamaHome, cells, MemoryFit.of(environment, llama));
        inspection.headers.putAll(headers);
        inspection.inspectModels();
        inspection.checkContexts();
        Map<String, String> unavailable = new LinkedHashMap<>();
        List<Run.MeterFact> meters;
        OptionalDouble used;
        try (Meters opened = Meters.open()) {
            meters = meters(opened, unavailable);
            used = CardFit.usedMib(opened);
        }
        inspection.predict(CardFit.of(llama, used));
        unavailable.forEach(
                (metric, reason) -> inspection.warnings.add(new Warning.NotMeasured("VRAM (" + metric + ")", reason)));
        return new Preparation(
                cells,
                new Run.PlaceFacts(
                        new NamedValues(environment.name(), environment.facts()), llama, meters, unavailable),
                inspection.models,
                inspection.refusals,
                inspection.predictions,
                inspection.warnings.stream().map(Warning::text).distinct().toList());
    }

    private static String name(String label, Environment environment) {
        if (label.equals(Preparation.LOCAL)) {
            return environment.name();
        }
        if (environment.isCalled(label)) {
            return label;
        }
        throw new BadInput("Environment " + label + " in the plan is really " + environment.name() + ": name it "
                + environment.name() + " or " + environment.name() + "-something.");
    }

    private static Cell resolved(Cell cell, String environment, int cores) {
        Cell resolved = cell.with(Parameter.ENVIRONMENT, environment);
        if (cell.has(Parameter.THREADS) && cell.value(Parameter.THREADS) == 0) {
            resolved = resolved.with(Parameter.THREADS, cores);
        }
        return resolved;
    }

    /** The headers of the models by id. The file of a synthetic model need not exist. */
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

    private void inspectModels() {
        for (Cell cell : cells) {
            cell.model()
                    .ifPresent(name -> models.computeIfAbsent(
                            name.id(), id -> model(name, Objects.requireNonNull(headers.get(id)))));
        }
        models.values().forEach(model -> fit.largerThanMemory(model).ifPresent(warnings::add));
        models.values().stream().filter(model -> !model.synthetic()).forEach(model -> LlamaProbe.refusal(
                        llamaHome, Path.of(model.path()))
                .ifPresent(reason -> {
                    headers.remove(model.id());
                    cellsOf(model.id()).forEach(cell -> refusals.put(cell.id(), reason));
                }));
    }

    private Stream<Cell> cellsOf(String model) {
        return cells.stream()
                .filter(cell ->
                        cell.model().filter(name -> name.id().equals(model)).isPresent());
    }

    static Run.Model model(ModelName name, Gguf header) {
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

    /** Warns of contexts longer than a model was trained for, and refuses absurd ones. */
    private void checkContexts() {
        models.forEach((id, model) -> {
            long longest = cellsOf(id)
                    .filter(cell -> cell.has(Parameter.CONTEXT_LENGTH))
                    .mapToLong(cell -> cell.value(Parameter.CONTEXT_LENGTH))
                    .max()
                    .orElse(0);
            Long trained = model.trainedContextLength();
            if (trained != null && longest / MAX_TIMES_TRAINED > trained) {
                throw new BadInput("A context of " + longest + " tokens is more than " + MAX_TIMES_TRAINED
                        + " times the " + trained + " that " + id + " was trained for: use a shorter context.");
            }
            if (trained != null && longest > trained) {
                warnings.add(new Warning.BeyondTraining(id, trained, longest));
            }
        });
    }

    /** Predicts each cell. A context that cannot fit by formula is not simulated, because a simulation takes memory. */
    private void predict(List<CardFit> cards) {
        headers.forEach((id, header) -> {
            Map<Cell, Predictions.Point> simulated = new LinkedHashMap<>();
            cellsOf(id).forEach(cell -> {
                Predictions.Point point = Predictions.Point.of(cell).orElseThrow();
                Prediction formula = Predictions.byFormula(header, point, CANNOT_FIT);
                predictions.put(cell.id(), formula);
                if (refusal(cell, header, formula).isEmpty()) {
                    simulated.put(cell, point);
                }
            });
            if (!simulated.isEmpty()) {
                Map<Predictions.Point, Prediction> answers =
                        Predictions.simulated(llamaHome, header, simulated.values());
                simulated.forEach(
                        (cell, point) -> predictions.put(cell.id(), Objects.requireNonNull(answers.get(point))));
            }
            cellsOf(id).forEach(cell -> {
                Prediction prediction = Objects.requireNonNull(predictions.get(cell.id()));
                refusal(cell, header, prediction).ifPresent(reason -> refusals.put(cell.id(), reason));
                String incomplete = prediction.incomplete();
                if (incomplete != null && !incomplete.equals(CANNOT_FIT)) {
                    warnings.add(new Warning.NotPredicted(id, incomplete));
                }
            });
            Map<Cell, Prediction> possible = new LinkedHashMap<>();
            cellsOf(id)
                    .filter(cell -> !refusals.containsKey(cell.id()))
                    .forEach(cell -> possible.put(cell, Objects.requireNonNull(predictions.get(cell.id()))));
            for (CardFit card : cards) {
                card.warning(header, possible, (model, points) -> Predictions.simulated(llamaHome, model, points))
                        .ifPresent(warnings::add);
            }
        });
    }

    private Optional<String> refusal(Cell cell, Gguf header, Prediction prediction) {
        return cell.has(Parameter.CONTEXT_LENGTH)
                ? fit.refusal(
                        cell.value(Parameter.CONTEXT_LENGTH),
                        cell.value(Parameter.UBATCH),
                        header.tensorBytes(),
                        prediction)
                : Optional.empty();
    }

    /** The meters that work here. A card's memory without a meter is put into {@code unavailable} with the reason. */
    private static List<Run.MeterFact> meters(Meters meters, Map<String, String> unavailable) {
        List<Run.MeterFact> working = new ArrayList<>();
        for (Meter meter : meters.serving()) {
            working.add(fact(meter.signal(), meter.metric()));
        }
        if (meters.serving().stream().noneMatch(meter -> meter.metric() == Metric.VRAM_PEAK)) {
            String reasons = meters.unavailable().stream()
                    .filter(meter -> List.of("nvml.device", "amd.vram", "pdh").contains(meter.name()))
                    .map(Meters.Unavailable::reason)
                    .collect(Collectors.joining("; "));
            unavailable.put(Metric.VRAM_PEAK.label(), reasons);
        }
        return working;
    }

    /** The facts about a signal and the metrics that it serves. */
    static Run.MeterFact fact(Meter.Signal signal, Metric... metrics) {
        return new Run.MeterFact(
                signal.meter(),
                signal.scope().name().toLowerCase(Locale.ROOT),
                signal.semantics().name().toLowerCase(Locale.ROOT),
                Stream.of(metrics).map(Metric::label).toList());
    }
}
