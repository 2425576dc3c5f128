package dev.headroom.gguf;

import dev.headroom.gguf.GgufValue.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The size of a model's KV cache, by the rules of llama.cpp v0.4.0 for one sequence without {@code swa_full}. A layer
 * keeps the keys and values of every token. A layer with a sliding window keeps those of the window and one
 * micro-batch.
 *
 * @param keySize numbers in one head's key
 * @param valueSize numbers in one head's value
 * @param window length of the sliding window in tokens; 0 if no layer has one
 */
public record KvCache(List<Layer> layers, long keySize, long valueSize, long window) {
    private static final int PADDING = 256;
    private static final int PADDING_UNTIL_B6845 = 32;
    private static final int F16_BYTES = 2;

    /** {@code LLAMA_MAX_LAYERS} */
    private static final int MAX_LAYERS = 512;

    /** Far above any real model, and low enough that no sum in this class overflows. */
    private static final long MAX_NUMBER = 1 << 20;

    /** Used if a Gemma 2 file has no window: some do not. */
    private static final long GEMMA_2_WINDOW = 4096;

    /** Architectures whose layers all keep every token. llama.cpp ignores sliding windows in their files. */
    private static final Set<String> KEEP_ALL = Set.of(
            "apertus",
            "arcee",
            "baichuan",
            "bloom",
            "chatglm",
            "codeshell",
            "command-r",
            "dbrx",
            "deepseek",
            "exaone",
            "falcon",
            "gemma",
            "glm4",
            "gpt2",
            "gptneox",
            "granite",
            "granitemoe",
            "grok",
            "internlm2",
            "llama",
            "minicpm",
            "mpt",
            "nemotron",
            "olmo",
            "olmoe",
            "orion",
            "phi2",
            "qwen",
            "qwen2",
            "qwen2moe",
            "qwen3",
            "qwen3moe",
            "refact",
            "seed_oss",
            "smollm3",
            "stablelm",
            "starcoder",
            "starcoder2",
            "xverse");

    /** Default period by architecture: every period-th layer keeps every token, the others have a sliding window. */
    private static final Map<String, Integer> PERIODS = Map.of("gemma2", 2, "gemma3", 6, "gpt-oss", 2, "cohere2", 4);

    public KvCache {
        layers = List.copyOf(layers);
    }

    /**
     * A layer.
     *
     * @param heads number of heads for keys and values
     * @param sliding whether the layer has a sliding window
     */
    public record Layer(long heads, boolean sliding) {}

    /**
     * The KV cache of a model. Empty if the rules for its architecture are unknown (recurrent layers, latent attention,
     * layers that share a cache) or if its file lacks a number.
     */
    public static Optional<KvCache> of(Gguf gguf) {
        Integer usualPeriod = PERIODS.get(gguf.architecture());
        if (usualPeriod == null && !KEEP_ALL.contains(gguf.architecture())) {
            return Optional.empty();
        }
        Hyperparameters file = new Hyperparameters(gguf);
        long layers = gguf.layers().orElse(0);
        if (layers < 1 || layers > MAX_LAYERS || file.number("nextn_predict_layers", 0) != 0) {
            return Optional.empty();
        }
        long window = usualPeriod == null ? 0 : file.number("attention.sliding_window", defaultWindow(gguf));
        long period = usualPeriod == null ? 1 : file.number("attention.sliding_window_pattern", usualPeriod);
        List<Long> heads = file.perLayer("attention.head_count", (int) layers, null);
        List<Long> kvHeads = file.perLayer("attention.head_count_kv", (int) layers, heads);
        if (kvHeads == null || window < 0 || period < 0) {
            return Optional.empty();
        }
        long headSize = heads == null || heads.get(0) < 1 ? -1 : file.number("embedding_length", -1) / heads.get(0);
        long keys = file.number("attention.key_length", headSize);
        long values = file.number("attention.value_length", headSize);
        if (keys < 1 || values < 1) {
            return Optional.empty();
        }
        List<Layer> all = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            all.add(new Layer(kvHeads.get(i), window > 0 && (period == 0 || i % period < period - 1)));
        }
        boolean sane = all.stream().allMatch(layer -> layer.heads * Math.max(keys, values) <= MAX_NUMBER);
        return sane ? Optional.of(new KvCache(all, keys, values, window)) : Optional.empty();
    }

    /** The window if the file has none; -1 if the file must have one. */
    private static long defaultWindow(Gguf gguf) {
        return switch (gguf.architecture()) {
            case "gemma2" -> GEMMA_2_WINDOW;
            case "gemma3" -> 0;
            default -> -1;
        };
    }

    /**
     * The size of each layer in bytes. Empty if llama.cpp would refuse the type, or if the size depends on flash
     * attention and that is unknown.
     *
     * @param contextLength requested context length in tokens
     * @param ubatch size of a micro-batch in tokens
     * @param flashAttention whether flash attention is on, null if unknown. Without it, values are stored transposed
     *     and every layer is as large as the widest.
     */
    public Optional<List<Long>> bytes(
            long contextLength, long ubatch, TensorType type, @Nullable Boolean flashAttention) {
        return bytes(contextLength, ubatch, type, flashAttention, PADDING);
    }

    /**
     * As {@link #bytes}, if the size is the same in every release. Releases up to b6845 round up to {@value #PADDING}
     * tokens only with flash attention, else to {@value #PADDING_UNTIL_B6845}. Empty if that changes the size.
     */
    public Optional<List<Long>> bytesInAnyRelease(
            long contextLength, long ubatch, TensorType type, @Nullable Boolean flashAttention) {
        Optional<List<Long>> bytes = bytes(contextLength, ubatch, type, flashAttention);
        boolean same = Boolean.TRUE.equals(flashAttention)
                || bytes.equals(bytes(contextLength, ubatch, type, flashAttention, PADDING_UNTIL_B6845));
        return same ? bytes : Optional.empty();
    }

    private Optional<List<Long>> bytes(
            long contextLength, long ubatch, TensorType type, @Nullable Boolean flashAttention, int padding) {
        boolean refused = keySize % type.blockSize() != 0 || valueSize % type.blockSize() != 0;
        if (refused || (headsDiffer() && flashAttention == null)) {
            return Optional.empty();
        }
        boolean widest = headsDiffer() && Boolean.FALSE.equals(flashAttention);
        long mostHeads = layers.stream().mapToLong(Layer::heads).max().orElse(0);
        long cells = padded(contextLength, padding);
        long windowCells = padded(Math.min(cells, window + Math.min(ubatch, contextLength)), padding);
        return Optional.of(layers.stream()
                .map(layer -> {
                    long numbers = layer.heads * keySize + (widest ? mostHeads : layer.heads) * valueSize;
                    return (layer.sliding ? windowCells : cells) * (numbers / type.blockSize()) * type.blockBytes();
                })
                .toList());
    }

    /**
     * The size of one token in all layers in f16, in bytes. Empty if layers have different heads or sliding windows.
     */
    public OptionalLong f16BytesPerToken() {
        if (headsDiffer() || layers.stream().anyMatch(Layer::sliding)) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(F16_BYTES
                * (keySize + valueSize)
                * layers.stream().mapToLong(Layer::heads).sum());
    }

    private boolean headsDiffer() {
        return layers.stream().mapToLong(Layer::heads).distinct().count() > 1;
    }

    private static long padded(long tokens, int padding) {
        return (tokens + padding - 1) / padding * padding;
    }

    /** Reads numbers from a model's metadata. A number outside 0 to {@link #MAX_NUMBER} is invalid and becomes -1. */
    private record Hyperparameters(Gguf gguf) {
        long number(String name, long absent) {
            String key = gguf.architecture() + "." + name;
            return gguf.metadata().containsKey(key) ? sane(gguf.integer(key).orElse(-1)) : absent;
        }

        /** A number for each layer, from an array or from one number for all; null if invalid. */
        @Nullable
        List<Long> perLayer(String name, int layers, @Nullable List<Long> absent) {
            GgufValue value = gguf.metadata().get(gguf.architecture() + "." + name);
            if (value == null) {
                return absent;
            }
            List<Long> numbers = new ArrayList<>();
            for (int i = 0; i < layers; i++) {
                Object element = value.value() instanceof Array array
                        ? (array.values().size() == layers ? array.values().get(i) : null)
                        : value.value();
                if (!(element instanceof Long number) || sane(number) < 0) {
                    return null;
                }
                numbers.add(number);
            }
            return numbers;
        }

        private static long sane(long number) {
            return number >= 0 && number <= MAX_NUMBER ? number : -1;
        }
    }
}
