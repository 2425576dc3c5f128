package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.gguf.GgufValue.Array;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvCacheTest {
    private static KvCache of(String synthetic) {
        return KvCache.of(SyntheticModel.parse(synthetic).header(Path.of("x.gguf")))
                .orElseThrow();
    }

    private static Gguf gguf(String architecture, Map<String, Object> numbers) {
        Map<String, GgufValue> metadata = new HashMap<>(Map.of("general.architecture", GgufValue.of(architecture)));
        numbers.forEach((key, value) -> metadata.put(
                architecture + "." + key,
                value instanceof List<?> list
                        ? new GgufValue(
                                GgufValue.Type.ARRAY, Array.of(GgufValue.Type.UINT32, List.copyOf((List<?>) list)))
                        : new GgufValue(GgufValue.Type.INT64, value)));
        return new Gguf(Path.of("x.gguf"), 0, 3, 0, metadata, List.of());
    }

    private static long bytes(KvCache cache, long context, long ubatch, TensorType type) {
        return cache.bytes(context, ubatch, type, true).orElseThrow().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** Layers, heads and head size are from each model's public config.json. Cells are padded to 256. */
    @ParameterizedTest
    @CsvSource({
        "stories-15m,   6, 6,  48",
        "smollm2-135m, 30, 3,  64",
        "qwen2.5-0.5b, 24, 2,  64",
        "tinyllama-1.1b, 22, 4, 64",
        "llama-3.2-1b, 16, 8,  64",
        "llama-3.2-3b, 28, 8, 128",
        "qwen3-4b,     36, 8, 128",
        "llama-3.1-8b, 32, 8, 128",
        "mistral-7b,   32, 8, 128",
        "qwen3-30b-a3b, 48, 4, 128",
    })
    void layersWithoutWindowKeepEveryToken(String shape, long layers, long heads, long size) {
        KvCache cache = of("synthetic-" + shape + "-q8_0");
        long numbers = layers * heads * size * 2;

        assertThat(bytes(cache, 60_000, 512, TensorType.F16)).isEqualTo(60_160 * numbers * 2);
        if (size % 32 == 0) {
            assertThat(bytes(cache, 256, 512, TensorType.Q8_0)).isEqualTo(256 * numbers / 32 * 34);
            assertThat(bytes(cache, 1, 512, TensorType.Q4_0)).isEqualTo(256 * numbers / 32 * 18);
        } else {
            assertThat(cache.bytes(256, 512, TensorType.Q8_0, true))
                    .as("llama.cpp refuses it")
                    .isEmpty();
        }
        assertThat(cache.f16BytesPerToken()).hasValue(numbers * 2);
    }

    /** llama.cpp v0.4.0 logged 1880.00 and 998.75 MiB for 16 layers of 8 × 64 at 60,000 tokens. */
    @Test
    void bytesAreThoseThatLlamaCppLogged() {
        KvCache cache = of("synthetic-llama-3.2-1b-q4_0");
        assertThat(bytes(cache, 60_000, 512, TensorType.F16)).isEqualTo(1880L << 20);
        assertThat(bytes(cache, 60_000, 512, TensorType.Q8_0)).isEqualTo((long) (998.75 * (1 << 20)));
    }

    @Test
    void layersWithWindowKeepTheWindowAndAMicroBatch() {
        KvCache gemma = of("synthetic-gemma-3-4b-q4_0");
        long layer = 2 * 4 * 256 * 2;
        assertThat(gemma.layers().stream().filter(KvCache.Layer::sliding)).hasSize(29);
        assertThat(gemma.layers().get(4).sliding()).isTrue();
        assertThat(gemma.layers().get(5).sliding()).isFalse();
        assertThat(bytes(gemma, 8192, 512, TensorType.F16)).isEqualTo(layer * (5 * 8192 + 29 * 1536));
        assertThat(bytes(gemma, 8192, 2048, TensorType.F16)).isEqualTo(layer * (5 * 8192 + 29 * 3072));
        assertThat(bytes(gemma, 1100, 512, TensorType.F16))
                .as("at most the context's cells")
                .isEqualTo(layer * 34 * 1280);
        assertThat(bytes(gemma, 300, 512, TensorType.F16)).isEqualTo(layer * 34 * 512);
        assertThat(gemma.f16BytesPerToken()).isEmpty();

        KvCache gptOss = of("synthetic-gpt-oss-20b-mxfp4");
        assertThat(bytes(gptOss, 4096, 512, TensorType.F16)).isEqualTo(2 * 8 * 64 * 2 * (12 * 4096 + 12 * 768));
        assertThat(bytes(gptOss, 4096, 16, TensorType.F16)).isEqualTo(2 * 8 * 64 * 2 * (12 * 4096 + 12 * 256));
    }

    @Test
    void periodInTheFileReplacesTheDefault() {
        Map<String, Object> numbers = new HashMap<>(Map.of(
                "block_count", 8L,
                "attention.head_count", 4L,
                "attention.key_length", 32L,
                "attention.value_length", 32L,
                "attention.sliding_window", 512L));
        assertThat(sliding(gguf("cohere2", numbers))).isEqualTo(6);
        numbers.put("attention.sliding_window_pattern", 2L);
        assertThat(sliding(gguf("cohere2", numbers))).isEqualTo(4);
        numbers.remove("attention.sliding_window");
        assertThat(KvCache.of(gguf("cohere2", numbers))).isEmpty();
        assertThat(KvCache.of(gguf("gemma2", numbers)).orElseThrow().window()).isEqualTo(4096);
        assertThat(sliding(gguf("gemma3", numbers))).isZero();
    }

    /** Without flash attention, llama.cpp b5640 logged 0.42 MiB for 64 tokens, and v0.4.0 1.69 MiB. */
    @Test
    void bytesInAnyReleaseAreEmptyIfReleasesPadDifferently() {
        KvCache cache = of("synthetic-stories-15m-q8_0");
        for (Boolean flash : new Boolean[] {false, null}) {
            assertThat(cache.bytesInAnyRelease(64, 512, TensorType.F16, flash)).isEmpty();
            assertThat(cache.bytesInAnyRelease(1024, 512, TensorType.F16, flash))
                    .isEqualTo(cache.bytes(1024, 512, TensorType.F16, flash))
                    .isPresent();
        }
        assertThat(cache.bytesInAnyRelease(64, 512, TensorType.F16, true))
                .isEqualTo(cache.bytes(64, 512, TensorType.F16, true))
                .isPresent();
    }

    private static long sliding(Gguf gguf) {
        return KvCache.of(gguf).orElseThrow().layers().stream()
                .filter(KvCache.Layer::sliding)
                .count();
    }

    @Test
    void headsMayDifferByLayer() {
        Gguf gguf = gguf(
                "llama",
                Map.of(
                        "block_count", 3L,
                        "embedding_length", 512L,
                        "attention.head_count", 8L,
                        "attention.head_count_kv", List.of(8L, 0L, 2L)));
        KvCache cache = KvCache.of(gguf).orElseThrow();

        assertThat(cache.bytes(256, 512, TensorType.F16, true))
                .contains(List.of(256 * 2 * 512 * 2L, 0L, 256 * 2 * 128 * 2L));
        assertThat(cache.bytes(256, 512, TensorType.F16, false))
                .as("values are transposed and as large as in the widest layer")
                .contains(List.of(256 * 1024 * 2L, 256 * 512 * 2L, 256 * 640 * 2L));
        assertThat(cache.bytes(256, 512, TensorType.F16, null)).isEmpty();
        assertThat(cache.f16BytesPerToken()).isEmpty();
    }

    @Test
    void headsMustBeAWholeNumberOfBlocks() {
        Gguf gguf = gguf("llama", Map.of("block_count", 1L, "embedding_length", 96L, "attention.head_count", 2L));
        assertThat(KvCache.of(gguf).orElseThrow().bytes(256, 512, TensorType.Q8_0, true))
                .isEmpty();
        assertThat(KvCache.of(gguf).orElseThrow().bytes(256, 512, TensorType.F16, true))
                .isPresent();
    }

    /** Recurrent layers, latent attention, shared layers, and files with missing or invalid numbers. */
    @Test
    void unknownArchitecturesAndInvalidNumbersAreEmpty() {
        Map<String, Object> valid = Map.of("block_count", 4L, "embedding_length", 256L, "attention.head_count", 4L);
        assertThat(KvCache.of(gguf("llama", valid))).isPresent();
        for (String architecture : List.of("mamba", "deepseek2", "gemma3n", "qwen3next", "phi3", "")) {
            assertThat(KvCache.of(gguf(architecture, valid))).as(architecture).isEmpty();
        }
        assertThat(KvCache.of(gguf("llama", Map.of()))).isEmpty();
        Map<String, Object> invalid = Map.of(
                "block_count", List.of(0L, -1L, 1_000_000L, Long.MAX_VALUE),
                "attention.head_count", List.of(0L, -4L, Long.MAX_VALUE),
                "embedding_length", List.of(0L, -1L, Long.MIN_VALUE),
                "attention.key_length", List.of(0L, -1L, 1L << 40),
                "nextn_predict_layers", List.of(1L),
                "attention.head_count_kv", List.of(List.of(1L, 2L), List.of(1L, 2L, 3L, -1L), -1L, 1L << 50));
        invalid.forEach((key, values) -> ((List<?>) values).forEach(value -> {
            Map<String, Object> changed = new HashMap<>(valid);
            changed.put(key, value);
            assertThat(KvCache.of(gguf("llama", changed))).as(key + " " + value).isEmpty();
        }));
    }
}
