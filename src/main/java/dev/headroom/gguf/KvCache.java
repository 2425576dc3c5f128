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
 * What the KV cache keeps of a model, by the rules of llama.cpp v0.4.0 for one sequence and without {@code swa_full}:
 * each layer the keys and values of every token or, where it has a sliding window, of the window and one micro-batch.
 *
 * @param keySize numbers of one head's key
 * @param valueSize the same of its value
 * @param window tokens that layers with a sliding window look back; 0 where there are none
 */
public record KvCache(List<Layer> layers, long keySize, long valueSize, long window) {
    private static final int PADDING = 256;
    private static final int PADDING_UNTIL_B6845 = 32;
    private static final int F16_BYTES = 2;

    /** {@code LLAMA_MAX_LAYERS} */
    private static final int MOST_LAYERS = 512;

    /** Far above any model, and low enough that no sum below overflows. */
    private static final long MOST_NUMBERS = 1 << 20;

    /** Gemma 2 files may leave it out. */
    private static final long GEMMA_2_WINDOW = 4096;

    /** Architectures whose layers all keep every token; llama.cpp looks at no sliding window in their files. */
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

    /** Architectures with sliding windows, all layers but the last of every so many; a file may say otherwise. */
    private static final Map<String, Integer> PERIODS = Map.of("gemma2", 2, "gemma3", 6, "gpt-oss", 2, "cohere2", 4);

    public KvCache {
        layers = List.copyOf(layers);
    }

    /**
     * A layer.
     *
     * @param heads that keys and values have
     * @param sliding whether it has the sliding window
     */
    public record Layer(long heads, boolean sliding) {}

    /**
     * The cache of a model; empty where the rules for its architecture are not known here, or its file does not say
     * enough: recurrent layers, latent attention, layers that share a cache.
     */
    public static Optional<KvCache> of(Gguf gguf) {
        Integer usualPeriod = PERIODS.get(gguf.architecture());
        if (usualPeriod == null && !KEEP_ALL.contains(gguf.architecture())) {
            return Optional.empty();
        }
        Reader reader = new Reader(gguf);
        long layers = gguf.layers().orElse(0);
        if (layers < 1 || layers > MOST_LAYERS || reader.number("nextn_predict_layers", 0) != 0) {
            return Optional.empty();
        }
        long window = usualPeriod == null ? 0 : reader.number("attention.sliding_window", defaultWindow(gguf));
        long period = usualPeriod == null ? 1 : reader.number("attention.sliding_window_pattern", usualPeriod);
        List<Long> heads = reader.perLayer("attention.head_count", (int) layers, null);
        List<Long> kvHeads = reader.perLayer("attention.head_count_kv", (int) layers, heads);
        if (kvHeads == null || window < 0 || period < 0) {
            return Optional.empty();
        }
        long headSize = heads == null || heads.get(0) < 1 ? -1 : reader.number("embedding_length", -1) / heads.get(0);
        long keys = reader.number("attention.key_length", headSize);
        long values = reader.number("attention.value_length", headSize);
        if (keys < 1 || values < 1) {
            return Optional.empty();
        }
        List<Layer> all = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            all.add(new Layer(kvHeads.get(i), window > 0 && (period == 0 || i % period < period - 1)));
        }
        boolean sane = all.stream().allMatch(layer -> layer.heads * Math.max(keys, values) <= MOST_NUMBERS);
        return sane ? Optional.of(new KvCache(all, keys, values, window)) : Optional.empty();
    }

    /** -1: the file has to say it. */
    private static long defaultWindow(Gguf gguf) {
        return switch (gguf.architecture()) {
            case "gemma2" -> GEMMA_2_WINDOW;
            case "gemma3" -> 0;
            default -> -1;
        };
    }

    /**
     * Bytes of each layer; empty where llama.cpp would refuse the type, or where it depends on flash attention and that
     * is not known.
     *
     * @param contextLength tokens asked for
     * @param ubatch tokens computed at once
     * @param flashAttention as resolved; without it values lie transposed and all layers take the widest one's room
     */
    public Optional<List<Long>> bytes(
            long contextLength, long ubatch, GgufType type, Optional<Boolean> flashAttention) {
        return bytes(contextLength, ubatch, type, flashAttention, PADDING);
    }

    /**
     * As {@link #bytes}, by a release of which is not known whether it rounds up to as many tokens: those until b6845
     * do only with flash attention. Empty where that matters.
     */
    public Optional<List<Long>> bytesInAnyRelease(
            long contextLength, long ubatch, GgufType type, Optional<Boolean> flashAttention) {
        Optional<List<Long>> bytes = bytes(contextLength, ubatch, type, flashAttention);
        boolean same = flashAttention.equals(Optional.of(true))
                || bytes.equals(bytes(contextLength, ubatch, type, flashAttention, PADDING_UNTIL_B6845));
        return same ? bytes : Optional.empty();
    }

    private Optional<List<Long>> bytes(
            long contextLength, long ubatch, GgufType type, Optional<Boolean> flashAttention, int padding) {
        boolean refused = keySize % type.blockSize() != 0 || valueSize % type.blockSize() != 0;
        if (refused || (headsDiffer() && flashAttention.isEmpty())) {
            return Optional.empty();
        }
        boolean widest = headsDiffer() && !flashAttention.orElseThrow();
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

    /** What a token takes in all layers in f16; empty where that depends on how many there are, or on more. */
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

    /** Numbers of a model's metadata, none beyond {@link #MOST_NUMBERS}: hostile ones become -1. */
    private record Reader(Gguf gguf) {
        long number(String name, long absent) {
            String key = gguf.architecture() + "." + name;
            return gguf.metadata().containsKey(key) ? sane(gguf.integer(key).orElse(-1)) : absent;
        }

        /** One number for all layers, or an array with one for each; null where neither is there. */
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
            return number >= 0 && number <= MOST_NUMBERS ? number : -1;
        }
    }
}
