package dev.headroom.probe;

import static dev.headroom.Units.MIB;

import dev.headroom.BadInput;
import dev.headroom.FileRetry;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.KvCache;
import dev.headroom.gguf.TensorType;
import dev.headroom.gguf.WeightPlacement;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.probe.AllocationProbe.Context;
import dev.headroom.probe.AllocationProbe.Load;
import dev.headroom.probe.AllocationProbe.Request;
import dev.headroom.result.Observed;
import dev.headroom.result.Observed.BufferSize;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Predicts the memory of a model and its contexts before anything is loaded. Weights follow from the tensors in the
 * header, the KV cache from rules for the architecture, compute buffers from llama.cpp's simulation.
 */
public final class Predictions {
    private static final String FORMULA = "formula";
    private static final String SIMULATION = "simulation";

    /** Repacked weights on the host, which have exactly the size that they have in the file. */
    private static final String REPACKED = "CPU_REPACK";

    private Predictions() {}

    /**
     * The settings that a prediction depends on.
     *
     * @param gpuLayers layers on devices; -1 for all
     * @param context null for the model alone
     */
    public record Point(int gpuLayers, @Nullable ContextSettings context) {
        /** The settings of a cell; empty without a model. Threads change no buffer and are left out. */
        public static Optional<Point> of(Cell cell) {
            if (cell.model().isEmpty()) {
                return Optional.empty();
            }
            int gpuLayers = cell.value(Parameter.GPU_LAYERS);
            if (!cell.has(Parameter.CONTEXT_LENGTH)) {
                return Optional.of(new Point(gpuLayers, null));
            }
            return Optional.of(new Point(
                    gpuLayers,
                    new ContextSettings(
                            cell.value(Parameter.CONTEXT_LENGTH)
                                    + cell.benchmark().contextRoom(),
                            cell.value(Parameter.BATCH),
                            cell.value(Parameter.UBATCH),
                            KvType.valueOf(cell.value(Parameter.KV_TYPE).toUpperCase(Locale.ROOT)),
                            FlashAttention.valueOf(
                                    cell.value(Parameter.FLASH_ATTENTION).toUpperCase(Locale.ROOT)),
                            1,
                            ContextSettings.outputs(cell.value(Parameter.OUTPUTS), cell.value(Parameter.BATCH)))));
        }
    }

    /**
     * Predicts from the header alone: all weights and, for known architectures, the KV cache.
     *
     * @param incomplete why the prediction has no more parts
     */
    public static Prediction byFormula(Gguf model, Point point, String incomplete) {
        return byFormula(model, point, settings -> cacheBytes(model, settings, asked(settings)), incomplete);
    }

    private static Prediction byFormula(
            Gguf model, Point point, Function<ContextSettings, Optional<List<Long>>> cache, String incomplete) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part("model", null, model.tensorBytes() / MIB, FORMULA));
        Optional.ofNullable(point.context())
                .flatMap(cache)
                .ifPresent(layers -> parts.add(new Part("kv", null, sum(layers) / MIB, FORMULA)));
        return new Prediction(parts, incomplete);
    }

    /**
     * Predicts each point with llama.cpp's simulation. Without an answer the formulas remain, with the reason.
     *
     * @param home directory of the library
     * @param model the header; the file of a synthetic model need not exist
     */
    public static Map<Point, Prediction> simulated(Path home, Gguf model, Collection<Point> points) {
        Map<Integer, List<Point>> byLayers = points.stream()
                .distinct()
                .collect(Collectors.groupingBy(Point::gpuLayers, TreeMap::new, Collectors.toList()));
        List<Request> requests = new ArrayList<>();
        byLayers.forEach((gpuLayers, all) -> requests.add(new Request(
                gpuLayers,
                all.stream()
                        .flatMap(point -> Stream.ofNullable(point.context()))
                        .toList())));
        Map<Point, Prediction> predictions = new LinkedHashMap<>();
        try {
            List<Load> loads = ask(home, model, requests);
            int load = 0;
            for (List<Point> all : byLayers.values()) {
                predictions.putAll(predictions(model, all, loads.get(load++)));
            }
        } catch (BadInput e) {
            points.forEach(point -> predictions.put(point, byFormula(model, point, String.valueOf(e.getMessage()))));
        }
        return predictions;
    }

    /** Asks the simulation, which reads no weights. A file with a hole in their place is enough. */
    private static List<Load> ask(Path home, Gguf model, List<Request> requests) {
        try {
            if (Files.isRegularFile(model.path()) && Files.size(model.path()) == model.fileBytes()) {
                return AllocationProbe.ask(home, model.path(), requests);
            }
            Path directory = Files.createTempDirectory("headroom-header");
            directory.toFile().deleteOnExit(); // a signal ends the process without running finally
            Path file = directory.resolve(String.valueOf(model.path().getFileName()));
            file.toFile().deleteOnExit();
            try {
                model.writeWithoutWeights(file);
                return AllocationProbe.ask(home, file, requests);
            } finally {
                FileRetry.delete(file, directory);
            }
        } catch (IOException e) {
            throw new BadInput(
                    "The header of the model could not be written to a temporary file (" + e.getMessage() + ").", e);
        }
    }

    private static Map<Point, Prediction> predictions(Gguf model, List<Point> points, Load load) {
        Map<Point, Prediction> predictions = new LinkedHashMap<>();
        int context = 0;
        for (Point point : points) {
            if (load.failure() != null) {
                predictions.put(
                        point,
                        byFormula(model, point, settings -> cacheBytesInAnyRelease(model, settings), load.failure()));
            } else if (point.context() == null) {
                predictions.put(point, new Prediction(weights(model, load), unknownForms(model, load)));
            } else {
                predictions.put(
                        point,
                        prediction(model, load, point.context(), load.contexts().get(context++)));
            }
        }
        return predictions;
    }

    static Prediction prediction(Gguf model, Load load, ContextSettings settings, Context context) {
        List<Part> parts = new ArrayList<>(weights(model, load));
        if (context.failure() != null) {
            return new Prediction(parts, context.failure());
        }
        Boolean resolved = context.flashAttention();
        Optional<List<Long>> cache = cacheBytes(model, settings, resolved != null ? resolved : asked(settings))
                .filter(layers -> layers.size() == load.devices().size() - 1);
        if (cache.isPresent()) {
            Map<String, Long> byDevice = new LinkedHashMap<>();
            for (int i = 0; i < cache.get().size(); i++) {
                byDevice.merge(load.devices().get(i), cache.get().get(i), Long::sum);
            }
            byDevice.forEach((device, bytes) -> parts.add(new Part("kv", device, bytes / MIB, FORMULA)));
        } else if (context.kvMib() != null) {
            List<String> devices = load.devices().stream().distinct().toList();
            parts.add(new Part("kv", devices.size() == 1 ? devices.get(0) : null, context.kvMib(), SIMULATION));
        }
        Map<List<String>, Double> others = new LinkedHashMap<>();
        for (BufferSize buffer : context.buffers()) {
            others.merge(List.of(buffer.kind(), device(buffer.device())), buffer.mib(), Double::sum);
        }
        others.forEach((key, mib) -> parts.add(new Part(key.get(0), key.get(1), mib, SIMULATION)));
        return new Prediction(parts, unknownForms(model, load));
    }

    private static List<Part> weights(Gguf model, Load load) {
        List<Part> parts = new ArrayList<>();
        WeightPlacement.buffers(model.tensors(), load.devices(), load.hostBuffers())
                .forEach((buffer, tensors) -> {
                    if (buffer.equals(WeightPlacement.HOST)) {
                        parts.add(new Part("model", buffer, WeightPlacement.mappedBytes(tensors) / MIB, FORMULA));
                    } else if (buffer.equals(REPACKED) || load.devices().contains(buffer)) {
                        parts.add(new Part("model", buffer, WeightPlacement.bytes(tensors) / MIB, FORMULA));
                    }
                });
        return parts;
    }

    /** The reason for a missing size: some forms of weights differ in size from the file. */
    private static @Nullable String unknownForms(Gguf model, Load load) {
        List<String> unknown =
                WeightPlacement.buffers(model.tensors(), load.devices(), load.hostBuffers()).keySet().stream()
                        .filter(buffer -> !buffer.equals(WeightPlacement.HOST)
                                && !buffer.equals(REPACKED)
                                && !load.devices().contains(buffer))
                        .toList();
        return unknown.isEmpty()
                ? null
                : "The size of the copies of weights in " + String.join(", ", unknown) + " is unknown before loading.";
    }

    private static Optional<List<Long>> cacheBytes(
            Gguf model, ContextSettings settings, @Nullable Boolean flashAttention) {
        return KvCache.of(model)
                .flatMap(cache -> cache.bytes(
                        settings.contextLength(),
                        settings.ubatch(),
                        TensorType.valueOf(settings.kvType().name()),
                        flashAttention));
    }

    /** The KV cache in old releases, which cannot simulate and may pad less; empty if releases differ. */
    private static Optional<List<Long>> cacheBytesInAnyRelease(Gguf model, ContextSettings settings) {
        return KvCache.of(model)
                .flatMap(cache -> cache.bytesInAnyRelease(
                        settings.contextLength(),
                        settings.ubatch(),
                        TensorType.valueOf(settings.kvType().name()),
                        asked(settings)));
    }

    private static @Nullable Boolean asked(ContextSettings settings) {
        return switch (settings.flashAttention()) {
            case ON -> true;
            case OFF -> false;
            case AUTO -> null;
        };
    }

    private static long sum(List<Long> layers) {
        return layers.stream().mapToLong(Long::longValue).sum();
    }

    /** The device of a buffer without the kind of its memory: mapped and pinned host memory are the host's. */
    private static String device(String buffer) {
        return buffer.endsWith("_Host") ? WeightPlacement.HOST : buffer.replaceFirst("_Mapped$", "");
    }

    /** Adds the sizes that llama.cpp reported to a prediction. */
    public static Prediction against(Prediction prediction, Observed observed) {
        return new Prediction(
                prediction.parts().stream()
                        .map(part -> against(part, observed.buffers()))
                        .toList(),
                prediction.incomplete());
    }

    /**
     * Whether a buffer is a range of the file, as Metal maps it: from a device's first tensor to its last, including
     * what lies between.
     */
    private static boolean isStretchOfTheFile(Part part, List<BufferSize> ofKind) {
        return !WeightPlacement.HOST.equals(part.device())
                && ofKind.stream().anyMatch(buffer -> buffer.device().equals(part.device() + "_Mapped"));
    }

    private static Part against(Part part, List<BufferSize> buffers) {
        List<BufferSize> ofKind = buffers.stream()
                .filter(buffer -> buffer.kind().equals(part.kind()))
                .toList();
        boolean copiesUnknown = part.kind().equals("model") && part.device() == null;
        if (ofKind.isEmpty() || copiesUnknown || isStretchOfTheFile(part, ofKind)) {
            return part;
        }
        return part.measured(ofKind.stream()
                .filter(buffer -> part.device() == null || part.device().equals(device(buffer.device())))
                .mapToDouble(BufferSize::mib)
                .sum());
    }
}
