package dev.headroom.compare;

import dev.headroom.compare.Sides.Observation;
import dev.headroom.gguf.GgufType;
import dev.headroom.result.Run;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What a token of context takes of memory: KV cache and compute buffers. */
final class TokenCost {
    private static final double MIB = 1024.0 * 1024.0;

    /** MiB of buffers by tokens of context, for cells that are the same but for these. */
    private final Map<CellKey, TreeMap<Long, Double>> buffers = new HashMap<>();

    /**
     * @param mib a token
     * @param source in words
     */
    record Cost(double mib, String source) {}

    /** @param side the baseline's cells */
    TokenCost(Map<CellKey, List<Observation>> side) {
        side.forEach((key, cells) -> tokens(key).ifPresent(tokens -> {
            OptionalDouble mib = mib(cells.get(0).cell());
            if (mib.isPresent()) {
                buffers.computeIfAbsent(withoutContext(key), first -> new TreeMap<>())
                        .put(tokens, mib.getAsDouble());
            }
        }));
    }

    /** Of a cell: the slope between its two longest contexts, or what the file says of its KV cache. */
    Optional<Cost> of(CellKey key, MeasuredCell cell) {
        TreeMap<Long, Double> lengths = buffers.getOrDefault(withoutContext(key), new TreeMap<>());
        if (lengths.size() > 1) {
            Map.Entry<Long, Double> longest = lengths.lastEntry();
            Map.Entry<Long, Double> second = lengths.lowerEntry(longest.getKey());
            double slope = (longest.getValue() - second.getValue()) / (longest.getKey() - second.getKey());
            if (slope > 0) {
                return Optional.of(
                        new Cost(slope, "buffers at " + longest.getKey() + " tokens less those at " + second.getKey()));
            }
        }
        Run.Model model = cell.conditions().model();
        if (tokens(key).isEmpty() || model == null || model.kvBytesPerToken() == null) {
            return Optional.empty();
        }
        double f16Bytes = model.kvBytesPerToken();
        return GgufType.named(key.params().getOrDefault("kvType", "f16"))
                .map(type -> new Cost(
                        f16Bytes * bytes(type) / bytes(GgufType.F16) / MIB,
                        "the model file's KV cache, without compute buffers"));
    }

    /** Of a number. */
    private static double bytes(GgufType type) {
        return (double) type.blockBytes() / type.blockSize();
    }

    private static OptionalDouble mib(MeasuredCell cell) {
        OptionalDouble kv = cell.mean("·buffers.kv");
        OptionalDouble compute = cell.mean("·buffers.compute");
        return kv.isPresent() && compute.isPresent()
                ? OptionalDouble.of(kv.getAsDouble() + compute.getAsDouble())
                : OptionalDouble.empty();
    }

    private static Optional<Long> tokens(CellKey key) {
        String text = key.params().getOrDefault(CellKey.CONTEXT_LENGTH, "");
        return text.matches("[0-9]{1,9}") ? Optional.of(Long.valueOf(text)) : Optional.empty();
    }

    private static CellKey withoutContext(CellKey key) {
        Map<String, String> rest = new LinkedHashMap<>(key.params());
        rest.remove(CellKey.CONTEXT_LENGTH);
        return new CellKey(key.benchmark(), rest);
    }
}
