package dev.headroom.run;

import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.GgufType;
import dev.headroom.gguf.Shape;
import dev.headroom.gguf.SyntheticModel;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a context takes in the KV cache of a model whose layers all keep keys and values of every token: {@code layers ×
 * heads × (key size + value size)} numbers a token, for {@code pad256(contextLength)} tokens.
 */
final class KvCache {
    private static final int F16_BYTES = 2;
    private static final int PADDING = 256;

    private KvCache() {}

    /** Bytes a token in f16; null where layers differ. */
    static @Nullable Long bytesPerToken(SyntheticModel model) {
        Shape shape = model.shape();
        return shape.slidingWindow() == null
                ? (Long) (2L * model.layers() * shape.kvHeads() * shape.headSize() * F16_BYTES)
                : null;
    }

    /** Bytes a token in f16; null where layers differ or the file does not say. */
    static @Nullable Long bytesPerToken(Gguf gguf) {
        String architecture = gguf.architecture() + ".";
        boolean layersDiffer = Stream.of(
                        "attention.sliding_window", "attention.kv_lora_rank", "ssm.conv_kernel", "wkv.head_size")
                .anyMatch(key -> gguf.metadata().containsKey(architecture + key));
        if (layersDiffer) {
            return null;
        }
        Optional<Long> layers = number(gguf.layers());
        Optional<Long> heads = number(gguf.integer(architecture + "attention.head_count"));
        Optional<Long> kvHeads =
                number(gguf.integer(architecture + "attention.head_count_kv")).or(() -> heads);
        Optional<Long> embedding = number(gguf.integer(architecture + "embedding_length"));
        Optional<Long> headSize =
                embedding.flatMap(all -> heads.filter(n -> n > 0).map(n -> all / n));
        Optional<Long> keys =
                number(gguf.integer(architecture + "attention.key_length")).or(() -> headSize);
        Optional<Long> values =
                number(gguf.integer(architecture + "attention.value_length")).or(() -> headSize);
        if (layers.isEmpty() || kvHeads.isEmpty() || keys.isEmpty() || values.isEmpty()) {
            return null;
        }
        return layers.get() * kvHeads.get() * (keys.get() + values.get()) * F16_BYTES;
    }

    /** Bytes of a whole cache. */
    static double bytes(long f16BytesPerToken, long contextLength, String kvType) {
        GgufType type = GgufType.valueOf(kvType.toUpperCase(Locale.ROOT));
        long cells = (contextLength + PADDING - 1) / PADDING * PADDING;
        return (double) f16BytesPerToken / F16_BYTES * cells * type.blockBytes() / type.blockSize();
    }

    /**
     * What the compute buffers take at least: the attention mask of one micro-batch in f16, which is all that grows with
     * the context where flash attention is used; without it they grow by the number of heads.
     */
    static double leastComputeBytes(long contextLength, int ubatch) {
        return 2.0 * ubatch * contextLength;
    }

    private static Optional<Long> number(OptionalLong value) {
        return value.isPresent() ? Optional.of(value.getAsLong()) : Optional.empty();
    }
}
