package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.LlamaHome;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decodes with every shape of the catalogue, cut to two layers, in the real llama.cpp. */
class SyntheticModelIT {
    private static final LlamaLibrary LIBRARY = LlamaLibrary.open(LlamaHome.find(null));

    @TempDir
    Path directory;

    static Stream<String> models() {
        return Stream.concat(
                Shapes.all().stream().map(shape -> "synthetic-" + shape.id() + "-l2-q4_0"),
                Stream.of(
                        "synthetic-gpt-oss-20b-l2-mxfp4",
                        "synthetic-smollm2-135m-l2-q4_k_m",
                        "synthetic-smollm2-135m-l2-q6_k",
                        "synthetic-smollm2-135m-l2-q4_1",
                        "synthetic-smollm2-135m-l2-q8_0",
                        "synthetic-smollm2-135m-l2-f16"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAreFiniteAndSizesAreThoseOfLlamaCpp(String id) throws IOException {
        SyntheticModel synthetic = SyntheticModel.parse(id);
        Path file = new ModelStore(directory).make(synthetic, Progress.NONE);
        Map<String, Long> expected = new LinkedHashMap<>();
        synthetic.tensors().forEach(tensor -> expected.put(tensor.name(), tensor.bytes()));

        assertThat(sizes(file)).isEqualTo(expected);
        try (LlamaModel model = LlamaModel.load(LIBRARY, file, 0);
                LlamaContext context = LlamaContext.create(
                        model, new ContextSettings(256, 256, 64, KvType.F16, FlashAttention.AUTO, 2, 1))) {
            assertThat(model.bytes())
                    .isEqualTo(expected.values().stream()
                            .mapToLong(Long::longValue)
                            .sum());
            assertThat(model.vocabularySize()).isEqualTo((int) synthetic.shape().vocabulary());
            context.decode(new Random(1).ints(16, 0, model.vocabularySize()).toArray());
            float[] logits = context.logits();
            double squares = 0;
            for (float logit : logits) {
                assertThat(Float.isFinite(logit)).as("logit").isTrue();
                squares += (double) logit * logit;
            }
            assertThat(Math.sqrt(squares / logits.length))
                    .as("spread of logits")
                    .isBetween(0.1, 100.0);
        } finally {
            Files.delete(file);
        }
    }

    /** The size of each tensor, from llama.cpp's own GGUF reader. */
    private static Map<String, Long> sizes(Path file) throws IOException {
        Path base;
        try (Stream<Path> files = Files.list(LIBRARY.build().directory())) {
            base = files.filter(library -> library.getFileName().toString().matches("(lib)?ggml-base.*"))
                    .findFirst()
                    .orElseThrow();
        }
        NativeLibrary ggml = NativeLibrary.getInstance(base.toString());
        // struct gguf_init_params { bool no_alloc; struct ggml_context ** ctx; } goes by value, in two registers
        Pointer gguf =
                ggml.getFunction("gguf_init_from_file").invokePointer(new Object[] {file.toString(), 1L, Pointer.NULL});
        try {
            Function name = ggml.getFunction("gguf_get_tensor_name");
            Function size = ggml.getFunction("gguf_get_tensor_size");
            long count = ggml.getFunction("gguf_get_n_tensors").invokeLong(new Object[] {gguf});
            Map<String, Long> sizes = new LinkedHashMap<>();
            for (long i = 0; i < count; i++) {
                sizes.put(name.invokePointer(new Object[] {gguf, i}).getString(0), size.invokeLong(new Object[] {gguf, i
                }));
            }
            return sizes;
        } finally {
            ggml.getFunction("gguf_free").invokeVoid(new Object[] {gguf});
        }
    }
}
