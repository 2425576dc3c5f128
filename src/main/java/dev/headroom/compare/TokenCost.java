package dev.headroom.compare;

import dev.headroom.compare.Sides.Observation;
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

    /** Bytes of a block and its numbers, from ggml's types; by half of that a number of f16 takes. */
    private static final Map<String, Double> TO_F16 = Map.of(
            "f32", 2.0,
            "f16", 1.0,
            "bf16", 1.0,
            "q8_0", 34 / 64.0,
            "q5_1", 24 / 64.0,
            "q5_0", 22 / 64.0,
            "q4_1", 20 / 64.0,
            "q4_0", 18 / 64.0);

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
        Double factor = TO_F16.get(key.params().getOrDefault("kvType", "f16"));
        if (tokens(key).isEmpty() || model == null || model.kvBytesPerToken() == null || factor == null) {
            return Optional.empty();
        }
        return Optional.of(
                new Cost(model.kvBytesPerToken() * factor / MIB, "the model file's KV cache, without compute buffers"));
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
