package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.gguf.Gguf;
import dev.headroom.llama.LlamaHome;
import dev.headroom.plan.Benchmark;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.probe.Predictions;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code model show} that select predictions: lists of parameters, and a llama.cpp. */
final class MemoryOptions {
    private static final List<Long> CONTEXTS = List.of(512L, 4096L, 32_768L);
    private static final long MAX_TOKENS = 10_000_000;

    @Option(
            names = "--context",
            paramLabel = "TOKENS,…",
            description = "Context lengths. Default: some, up to the trained length.")
    String context = "";

    @Option(names = "--gpu-layers", paramLabel = "N,…", description = "Offloaded layers; -1: all.")
    String gpuLayers = "";

    @Option(names = "--kv-type", paramLabel = "TYPE,…", description = "Type of the KV cache.")
    String kvType = "";

    @Option(names = "--flash-attention", paramLabel = "auto|on|off,…", description = "Default: auto.")
    String flashAttention = "";

    @Option(names = "--batch", paramLabel = "TOKENS,…", description = "Tokens of a llama_decode call.")
    String batch = "";

    @Option(names = "--ubatch", paramLabel = "TOKENS,…", description = "Tokens computed at once.")
    String ubatch = "";

    @Option(names = "--outputs", paramLabel = "N|batch,…", description = "Tokens whose logits have room. Default: 1.")
    String outputs = "";

    @Option(names = "--llama", paramLabel = "DIR", description = "Directory of llama.cpp.")
    @Nullable
    Path llama;

    /** A prediction and its parameters. */
    record Predicted(Map<String, String> params, Prediction prediction) {}

    /** Predicts every combination of parameters. */
    List<Predicted> predict(Gguf model) {
        Map<Cell, Predictions.Point> points = new LinkedHashMap<>();
        cells(model).forEach(cell -> points.put(cell, Predictions.Point.of(cell).orElseThrow()));
        Map<Predictions.Point, Prediction> predictions;
        try {
            Path home = LlamaHome.find(llama).toAbsolutePath();
            predictions = Predictions.simulated(home, model, points.values());
        } catch (BadInput e) {
            if (llama != null) {
                throw e;
            }
            predictions = new LinkedHashMap<>();
            for (Predictions.Point point : points.values()) {
                predictions.put(point, Predictions.byFormula(model, point, String.valueOf(e.getMessage())));
            }
        }
        List<Predicted> all = new ArrayList<>();
        for (Map.Entry<Cell, Predictions.Point> asked : points.entrySet()) {
            Map<String, String> params = asked.getKey().parameters();
            params.keySet().retainAll(options("").stream().map(Entry::key).toList());
            all.add(new Predicted(params, Objects.requireNonNull(predictions.get(asked.getValue()))));
        }
        return all;
    }

    /** The combinations as cells of a plan, so that the checks of plans apply. */
    List<Cell> cells(Gguf model) {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry("benchmarks", Benchmark.CONTEXT_CREATION.simpleName(), "model show"));
        options(context.isBlank() ? defaultContexts(model) : context).stream()
                .filter(entry -> !entry.value().isBlank())
                .forEach(entries::add);
        return new Plan("show", entries).cells();
    }

    /** The options that give parameters, with the given context lengths. */
    private List<Entry> options(String contexts) {
        return List.of(
                new Entry(Parameter.CONTEXT_LENGTH.key(), contexts, "--context"),
                new Entry(Parameter.GPU_LAYERS.key(), gpuLayers, "--gpu-layers"),
                new Entry(Parameter.KV_TYPE.key(), kvType, "--kv-type"),
                new Entry(Parameter.FLASH_ATTENTION.key(), flashAttention, "--flash-attention"),
                new Entry(Parameter.BATCH.key(), batch, "--batch"),
                new Entry(Parameter.UBATCH.key(), ubatch, "--ubatch"),
                new Entry(Parameter.OUTPUTS.key(), outputs, "--outputs"));
    }

    private static String defaultContexts(Gguf model) {
        OptionalLong trained = model.trainedContextLength();
        long most = trained.orElse(MAX_TOKENS);
        LongStream shorter = CONTEXTS.stream().mapToLong(Long::longValue).filter(length -> length < most);
        LongStream whole = trained.stream().filter(length -> length >= 1 && length <= MAX_TOKENS);
        return LongStream.concat(shorter, whole).mapToObj(Long::toString).collect(Collectors.joining(","));
    }

    /** Formats one row a device, and a row of sums unless there is exactly one device. */
    static String text(List<Predicted> all) {
        List<String> varying =
                Parameter.shown(all.stream().map(Predicted::params).toList());
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(varying);
        header.addAll(List.of("device", "weights", "KV cache", "compute", "output", "total"));
        rows.add(header);
        for (Predicted one : all) {
            List<String> devices = one.prediction().parts().stream()
                    .flatMap(part -> Optional.ofNullable(part.device()).stream())
                    .distinct()
                    .toList();
            List<String> settings = varying.stream()
                    .map(key -> one.params().getOrDefault(key, ""))
                    .toList();
            boolean complete = one.prediction().incomplete() == null;
            for (String device : devices) {
                List<Part> parts = one.prediction().parts().stream()
                        .filter(part -> device.equals(part.device()))
                        .toList();
                rows.add(row(settings, device, parts, complete));
            }
            if (devices.size() != 1) {
                rows.add(row(settings, "all", one.prediction().parts(), complete));
            }
        }
        String fixed = all.get(0).params().entrySet().stream()
                .filter(param -> !varying.contains(param.getKey()))
                .map(param -> param.getKey() + " " + param.getValue())
                .collect(Collectors.joining(", "));
        String reasons = all.stream()
                .flatMap(one -> Optional.ofNullable(one.prediction().incomplete()).stream())
                .distinct()
                .map(reason -> "not predicted: " + reason + "\n")
                .collect(Collectors.joining());
        return "Memory in MiB" + (fixed.isEmpty() ? "" : " with " + fixed) + ":\n" + Output.table(rows) + reasons;
    }

    private static List<String> row(List<String> settings, String device, List<Part> parts, boolean complete) {
        Prediction of = new Prediction(parts, null);
        List<String> row = new ArrayList<>(settings);
        row.add(device);
        row.add(mib(of, "model"));
        row.add(mib(of, "kv", "recurrent"));
        row.add(mib(of, "compute"));
        row.add(mib(of, "output"));
        row.add(complete ? mib(of, "model", "kv", "recurrent", "compute", "output") : "-");
        return row;
    }

    private static String mib(Prediction of, String... kinds) {
        return of.mebibytes(kinds).isPresent()
                ? String.format(Locale.ROOT, "%.2f", of.mebibytes(kinds).getAsDouble())
                : "-";
    }
}
