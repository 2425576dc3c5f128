package dev.headroom.compare;

import dev.headroom.Units;
import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.gguf.TensorType;
import dev.headroom.plan.Parameter;
import dev.headroom.result.Metric;
import dev.headroom.result.Run;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** The memory that one token of context takes: KV cache and compute buffers. */
final class TokenCost {
    /** Buffers in MiB by context length, for cells that differ only in that. */
    private final Map<CellKey, TreeMap<Long, Double>> buffers = new HashMap<>();

    /**
     * @param mib MiB per token
     * @param source how it was found
     */
    record Cost(double mib, String source) {}

    TokenCost(Map<CellKey, List<Observation>> baseline) {
        baseline.forEach((key, cells) -> contextLength(key).ifPresent(tokens -> {
            OptionalDouble mib = mib(cells.get(0).cell());
            if (mib.isPresent()) {
                buffers.computeIfAbsent(withoutContext(key), first -> new TreeMap<>())
                        .put(tokens, mib.getAsDouble());
            }
        }));
    }

    /** The cost for a cell: the slope between the two longest contexts, or else the model file's KV cache size. */
    Optional<Cost> of(CellKey key, MeasuredCell cell) {
        TreeMap<Long, Double> lengths = buffers.getOrDefault(withoutContext(key), new TreeMap<>());
        if (lengths.size() > 1) {
            Map.Entry<Long, Double> longest = lengths.lastEntry();
            Map.Entry<Long, Double> second = lengths.lowerEntry(longest.getKey());
            double slope = (longest.getValue() - second.getValue()) / (longest.getKey() - second.getKey());
            if (slope > 0) {
                return Optional.of(new Cost(
                        slope, "slope of buffers from " + second.getKey() + " to " + longest.getKey() + " tokens"));
            }
        }
        Run.Model model = cell.conditions().model();
        if (contextLength(key).isEmpty() || model == null || model.kvBytesPerToken() == null) {
            return Optional.empty();
        }
        double f16Bytes = model.kvBytesPerToken();
        return TensorType.named(key.params().getOrDefault(Parameter.KV_TYPE.key(), Parameter.KV_TYPE.byDefault()))
                .map(type -> new Cost(
                        f16Bytes * bytes(type) / bytes(TensorType.F16) / Units.MIB,
                        "KV cache by the model file, without compute buffers"));
    }

    /** Bytes per number. */
    private static double bytes(TensorType type) {
        return (double) type.blockBytes() / type.blockSize();
    }

    private static OptionalDouble mib(MeasuredCell cell) {
        OptionalDouble kv = cell.mean(Metric.BUFFERS_KV.label());
        OptionalDouble compute = cell.mean(Metric.BUFFERS_COMPUTE.label());
        return kv.isPresent() && compute.isPresent()
                ? OptionalDouble.of(kv.getAsDouble() + compute.getAsDouble())
                : OptionalDouble.empty();
    }

    private static Optional<Long> contextLength(CellKey key) {
        return wholeNumber(key.params(), CellKey.CONTEXT_LENGTH);
    }

    /** A whole number of up to 15 digits; empty if the value is absent or something else. */
    static Optional<Long> wholeNumber(Map<String, String> values, String name) {
        String text = values.getOrDefault(name, "");
        return text.matches("[0-9]{1,15}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
    }

    private static CellKey withoutContext(CellKey key) {
        return new CellKey(key.benchmark(), CellGroups.without(key.params(), CellKey.CONTEXT_LENGTH));
    }
}
