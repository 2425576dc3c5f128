package dev.headroom.probe;

import static dev.headroom.Units.MIB;

import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.KvType;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.plan.Cell;
import dev.headroom.plan.ModelName;
import dev.headroom.plan.Parameter;
import dev.headroom.probe.Predictions.Point;
import dev.headroom.result.Metric;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cells that need more memory on a card than it has, and what would fit instead.
 *
 * @param device ggml's name of the card, such as {@code CUDA0}
 * @param totalMib its memory
 * @param usedMib the part of it that is in use now; 0 if unknown
 */
public record CardFit(String device, double totalMib, double usedMib) {
    /** The KV types to try, the better one first. */
    private static final List<KvType> KV_TYPES = List.of(KvType.Q8_0, KvType.Q4_0);

    /** Predicts points of a model, as {@link Predictions#simulated} does. */
    public interface Predictor {
        Map<Point, Prediction> predict(Gguf model, Collection<Point> points);
    }

    /**
     * The cards that llama.cpp can use.
     *
     * @param usedMib memory in use on the only card; empty if unknown
     */
    public static List<CardFit> of(Run.Llama llama, OptionalDouble usedMib) {
        List<Run.Device> cards = llama.devices().stream()
                .filter(device -> List.of("gpu", "igpu").contains(device.type()))
                .filter(device -> device.totalMib() != null && device.totalMib() > 0)
                .toList();
        double used = cards.size() == 1 ? usedMib.orElse(0) : 0;
        return cards.stream()
                .map(card -> new CardFit(card.name(), Objects.requireNonNull(card.totalMib()), used))
                .toList();
    }

    /** Memory in use on this machine's card; empty if no meter sees it, or if there are several cards. */
    public static OptionalDouble usedMib(Meters meters) {
        List<Meter> ofCards = meters.serving().stream()
                .filter(meter -> meter.metric() == Metric.VRAM_PEAK)
                .toList();
        OptionalLong bytes = ofCards.size() == 1 ? ofCards.get(0).read() : OptionalLong.empty();
        return bytes.isPresent() ? OptionalDouble.of(bytes.getAsLong() / MIB) : OptionalDouble.empty();
    }

    /**
     * The warning about the cells of one model that do not fit; empty if all fit.
     *
     * @param predictions the predictions of the model's cells
     */
    public Optional<Warning> warning(Gguf model, Map<Cell, Prediction> predictions, Predictor predictor) {
        Map<Cell, Double> tooLarge = new LinkedHashMap<>();
        predictions.forEach((cell, prediction) -> {
            if (!fits(neededMib(prediction))) {
                tooLarge.put(cell, neededMib(prediction));
            }
        });
        if (tooLarge.isEmpty()) {
            return Optional.empty();
        }
        Map<Integer, Double> needs = new TreeMap<>();
        tooLarge.forEach((cell, mib) -> needs.merge(
                cell.has(Parameter.CONTEXT_LENGTH) ? cell.value(Parameter.CONTEXT_LENGTH) : 0, mib, Math::max));
        Cell largest = Collections.max(tooLarge.entrySet(), Map.Entry.comparingByValue())
                .getKey();
        return Optional.of(new Warning.BeyondCard(
                largest.model().orElseThrow().id(),
                device,
                totalMib,
                usedMib,
                needs,
                tooLarge.size(),
                remedies(model, largest, Objects.requireNonNull(predictions.get(largest)), predictor)));
    }

    /** What makes the largest cell fit. */
    private List<String> remedies(Gguf model, Cell cell, Prediction tooLarge, Predictor predictor) {
        List<String> remedies = new ArrayList<>();
        if (neededMib(tooLarge) <= totalMib) {
            remedies.add("without the other programs");
        }
        Point point = Point.of(cell).orElseThrow();
        ContextSettings context = point.context();
        if (context != null) {
            Map<KvType, Point> points = new EnumMap<>(KvType.class);
            KV_TYPES.forEach(type -> points.put(type, new Point(point.gpuLayers(), context.with(type))));
            Map<Point, Prediction> answers = predictor.predict(model, points.values());
            KV_TYPES.stream()
                    .filter(type -> fitsInsteadOf(tooLarge, answers.get(points.get(type))))
                    .findFirst()
                    .ifPresent(type -> remedies.add("with kvType " + type.name().toLowerCase(Locale.ROOT)));
        }
        ModelName name = cell.model().orElseThrow();
        if (!name.isFile()) {
            SyntheticModel.parse(name.text()).smaller().stream()
                    .filter(smaller -> fitsInsteadOf(
                            tooLarge,
                            predictor
                                    .predict(smaller.header(Path.of(smaller.id() + ".gguf")), List.of(point))
                                    .get(point)))
                    .findFirst()
                    .ifPresent(smaller -> remedies.add("as " + smaller.id()));
        }
        return remedies;
    }

    private boolean fits(double neededMib) {
        return neededMib + usedMib <= totalMib;
    }

    /** Whether a prediction fits and has every kind of buffer that the other one has on this card. */
    private boolean fitsInsteadOf(Prediction other, @Nullable Prediction prediction) {
        return prediction != null && kinds(prediction).containsAll(kinds(other)) && fits(neededMib(prediction));
    }

    private Set<String> kinds(Prediction prediction) {
        return parts(prediction).map(Part::kind).collect(Collectors.toSet());
    }

    /** The sum of the buffers on this card. */
    private double neededMib(Prediction prediction) {
        return parts(prediction).mapToDouble(Part::predictedMib).sum();
    }

    /** The buffers on this card. Those on an unknown device are left out. */
    private Stream<Part> parts(Prediction prediction) {
        return prediction.parts().stream().filter(part -> device.equals(part.device()));
    }
}
