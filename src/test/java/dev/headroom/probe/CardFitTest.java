package dev.headroom.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Plan;
import dev.headroom.probe.Predictions.Point;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** The card of the tests is imaginary. The predictor puts weights, KV cache and 100 MiB of compute buffers on it. */
class CardFitTest {
    private static final String MODEL = "synthetic-llama-3.1-8b-q4_k_m";

    private final List<String> asked = new ArrayList<>();

    private static Gguf header(String model) {
        return SyntheticModel.parse(model).header(Path.of("x.gguf"));
    }

    private Map<Point, Prediction> predict(Gguf model, Collection<Point> points) {
        asked.add(points.size() + " of " + model.metadata().get("general.name"));
        Map<Point, Prediction> predictions = new LinkedHashMap<>();
        points.forEach(point -> predictions.put(point, prediction(model, point)));
        return predictions;
    }

    private static Prediction prediction(Gguf model, Point point) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part("model", "CUDA0", model.tensorBytes() / 1048576.0, "formula"));
        parts.add(new Part("model", "CPU", 300, "formula"));
        if (point.context() != null) {
            double kv = Predictions.byFormula(model, point, "").mebibytes("kv").orElseThrow();
            parts.add(new Part("kv", "CUDA0", kv, "formula"));
            parts.add(new Part("compute", "CUDA0", 100, "simulation"));
        }
        return new Prediction(parts, null);
    }

    private List<String> warnings(CardFit card, String... plan) {
        return warnings(card, this::predict, plan);
    }

    private static List<String> warnings(CardFit card, CardFit.Predictor predictor, String... plan) {
        Map<Cell, Prediction> predictions = new LinkedHashMap<>();
        for (Cell cell : Plan.parse("test", "here", String.join("\n", plan)).cells()) {
            predictions.put(
                    cell,
                    prediction(
                            header(cell.model().orElseThrow().text()),
                            Point.of(cell).orElseThrow()));
        }
        String model =
                predictions.keySet().iterator().next().model().orElseThrow().text();
        return card.warning(header(model), predictions, predictor).stream()
                .map(Warning::text)
                .toList();
    }

    @Test
    void cellsBeyondTheCardAreNamedWithWhatFitsInstead() {
        assertThat(warnings(
                        new CardFit("CUDA0", 11.9 * 1024, 0),
                        "benchmarks=TokenGeneration,ContextCreation",
                        "model=" + MODEL,
                        "contextLength=512,60000"))
                .containsExactly(MODEL + " does not fit on CUDA0, which has 11.90 GiB: 60000 tokens need 12.02 GiB."
                        + " These 2 cells will run out of memory, or spill into system RAM."
                        + " It fits with kvType q8_0, or as synthetic-llama-3.1-8b-q4_0.");
    }

    /** The weights of q4_0 take 4.33 GiB, the KV cache in f16 7.33 GiB. */
    @Test
    void onlyWhatFitsIsProposed() {
        String[] plan = {"benchmarks=ContextCreation", "model=" + MODEL, "contextLength=60000"};
        assertThat(warnings(new CardFit("CUDA0", 8 * 1024, 0), plan))
                .singleElement()
                .asString()
                .contains("This cell will run")
                .endsWith("It fits with kvType q4_0.");
        assertThat(warnings(new CardFit("CUDA0", 4 * 1024, 0), plan))
                .singleElement()
                .asString()
                .endsWith("Use a smaller model or a shorter context.");
    }

    @Test
    void memoryInUseCounts() {
        String[] plan = {"benchmarks=ContextCreation", "model=" + MODEL, "contextLength=60000"};
        assertThat(warnings(new CardFit("CUDA0", 13 * 1024, 0), plan)).isEmpty();
        assertThat(warnings(new CardFit("CUDA0", 13 * 1024, 1024), plan))
                .singleElement()
                .asString()
                .contains("which has 13.00 GiB, with 1.00 GiB in use: 60000 tokens need")
                .contains("It fits without the other programs, or with kvType q8_0, or as");
    }

    @Test
    void modelAloneMayNotFit() {
        assertThat(warnings(new CardFit("CUDA0", 4500, 0), "benchmarks=ModelLoad", "model=" + MODEL))
                .containsExactly(MODEL + " does not fit on CUDA0, which has 4.39 GiB: its weights need 4.58 GiB."
                        + " This cell will run out of memory, or spill into system RAM."
                        + " It fits as synthetic-llama-3.1-8b-q4_0.");
        assertThat(asked).doesNotContain("2 of " + MODEL);
    }

    /** llama.cpp refuses a quantized KV cache without flash attention. Its prediction then has no context. */
    @Test
    void whatCannotBePredictedIsNotProposed() {
        assertThat(warnings(
                        new CardFit("CUDA0", 8 * 1024, 0),
                        (model, points) -> {
                            Map<Point, Prediction> refused = new LinkedHashMap<>();
                            points.forEach(point -> refused.put(
                                    point,
                                    new Prediction(List.of(new Part("model", "CUDA0", 1, "formula")), "refused")));
                            return refused;
                        },
                        "benchmarks=ContextCreation",
                        "model=" + MODEL,
                        "contextLength=60000"))
                .singleElement()
                .asString()
                .endsWith("Use a smaller model or a shorter context.");
    }

    @Test
    void nothingIsAskedIfAllCellsFit() {
        assertThat(warnings(new CardFit("CUDA0", 24 * 1024, 0), "model=" + MODEL, "benchmarks=ModelLoad"))
                .isEmpty();
        assertThat(warnings(new CardFit("CUDA1", 10, 0), "model=" + MODEL, "benchmarks=ModelLoad"))
                .as("nothing is on this card")
                .isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void cardsAreTheGpusWithAKnownSize() {
        Run.Llama llama = new Run.Llama(
                "v0.4.0",
                null,
                "x.so",
                List.of(
                        new Run.Device("CUDA0", "a card", "gpu", 16384.0),
                        new Run.Device("Vulkan0", "a card", "gpu", null),
                        new Run.Device("CPU", "a CPU", "cpu", 32000.0)),
                null,
                null);
        assertThat(CardFit.of(llama, OptionalDouble.of(300))).containsExactly(new CardFit("CUDA0", 16384, 300));
    }

    @Test
    void smallerQuantizationsOfAShapeAreTheLargestFirst() {
        assertThat(SyntheticModel.parse(MODEL).smaller())
                .extracting(SyntheticModel::id)
                .containsExactly("synthetic-llama-3.1-8b-q4_0");
        assertThat(SyntheticModel.parse("synthetic-llama-3.1-8b-f16").smaller())
                .extracting(model -> model.quantization().id())
                .containsExactly("q8_0", "q6_k", "q4_1", "q4_k_m", "q4_0");
    }
}
