package dev.headroom.place;

import dev.headroom.fork.DurationEstimate;
import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A place before its first fork.
 *
 * @param cells the cells that run here, in the plan's order, with every {@code local} and {@code 0} resolved
 * @param models by id, with the path where they are or will be
 * @param refusals reasons why cells are not run, by the cell's id
 * @param estimates durations, by the cell's id
 * @param predictions of memory, by the cell's id; only for cells whose model can be loaded
 * @param warnings sentences
 */
public record Preparation(
        List<Cell> cells,
        Run.PlaceFacts facts,
        Map<String, Run.Model> models,
        Map<String, String> refusals,
        Map<String, DurationEstimate> estimates,
        Map<String, Prediction> predictions,
        List<String> warnings) {
    /** The label in a plan for the place that this Headroom runs in. */
    static final String LOCAL = "local";

    Preparation(
            List<Cell> cells,
            Run.PlaceFacts facts,
            Map<String, Run.Model> models,
            Map<String, String> refusals,
            Map<String, Prediction> predictions,
            List<String> warnings) {
        this(cells, facts, models, refusals, estimates(cells, models, facts.llama()), predictions, warnings);
    }

    private static Map<String, DurationEstimate> estimates(
            List<Cell> cells, Map<String, Run.Model> models, Run.Llama llama) {
        boolean gpu = llama.devices().stream().anyMatch(device -> device.type().endsWith("gpu"));
        Map<String, DurationEstimate> estimates = new LinkedHashMap<>();
        for (Cell cell : cells) {
            Optional<Run.Model> model = cell.model().map(name -> Objects.requireNonNull(models.get(name.id())));
            long parameters = model.map(Run.Model::parameters).orElse(0L);
            long fileBytes = model.map(Run.Model::fileBytes).orElse(0L);
            estimates.put(cell.id(), new DurationEstimate(cell, parameters, fileBytes, gpu));
        }
        return estimates;
    }

    /** The name of this place in the results: the value of the parameter environment. */
    public String name() {
        return cells.get(0).value(Parameter.ENVIRONMENT);
    }

    /** The estimated duration of a cell, by the cell's id. */
    DurationEstimate estimate(String cell) {
        return Objects.requireNonNull(estimates.get(cell));
    }

    /** The prediction for a cell; null for a benchmark without a model. */
    public @Nullable Prediction prediction(String cell) {
        return predictions.get(cell);
    }

    /**
     * Writes the synthetic models that do not exist yet.
     *
     * @param progress receives the model and its progress, 0 to 1
     */
    void makeModels(BiConsumer<Run.Model, Double> progress) {
        models.values().stream().filter(Run.Model::synthetic).forEach(model -> ModelStore.ofUser()
                .make(
                        SyntheticModel.parse(model.id()),
                        (done, total) -> progress.accept(model, (double) done / total)));
    }
}
