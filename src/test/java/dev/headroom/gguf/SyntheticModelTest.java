package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticModelTest {
    private static final Locale BEFORE = Locale.getDefault();

    @BeforeAll
    static void commaDecimalLocale() {
        Locale.setDefault(Locale.GERMANY);
    }

    @AfterAll
    static void restoreLocale() {
        Locale.setDefault(BEFORE);
    }

    @ParameterizedTest
    @CsvSource({
        "synthetic-smollm2-135m-q4_0, synthetic-smollm2-135m-q4_0",
        "Synthetic-SmolLM2-135M-Q4_K_M, synthetic-smollm2-135m-q4_k_m",
        "synthetic-llama-3.2-1b-l2-q8_0, synthetic-llama-3.2-1b-l2-q8_0",
        "synthetic-llama-3.2-1b-l16-q8_0, synthetic-llama-3.2-1b-q8_0",
        "synthetic-gpt-oss-20b-l2-mxfp4, synthetic-gpt-oss-20b-l2-mxfp4",
    })
    void idsAreParsed(String id, String canonical) {
        assertThat(SyntheticModel.isSynthetic(id)).isTrue();
        assertThat(SyntheticModel.parse(id).id()).isEqualTo(canonical);
        assertThat(SyntheticModel.parse(canonical)).isEqualTo(SyntheticModel.parse(id));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "synthetic-smolm2-135m-q4_0 | No shape named smolm2-135m (did you mean smollm2-135m?)",
                "synthetic-llama-3.1-7b-q4_0 | did you mean llama-3.1-8b?",
                "synthetic-smollm2-135m-q5_0 | No quantization named q5_0: choose one of f16,",
                "synthetic-smollm2-135m-l31-q4_0 | with 31 layers: give 1 to 30 layers.",
                "synthetic-smollm2-135m-l0-q4_0 | with 0 layers: give 1 to 30 layers.",
                "synthetic-smollm2-135m-mxfp4 | is only for mixtures of experts",
                "synthetic- | No synthetic model named synthetic-: give synthetic-<shape>-<quantization>",
                "smollm2-135m-q4_0 | No synthetic model named smollm2-135m-q4_0",
            })
    void errorNamesTheUnknownPart(String id, String message) {
        assertThatThrownBy(() -> SyntheticModel.parse(id))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(message);
    }

    /** Weights and bytes of all tensors, from llama.cpp's output for the real models or from its quantizer. */
    @ParameterizedTest
    @CsvSource({
        "synthetic-smollm2-135m-q4_1, 134515008, 96576768",
        "synthetic-stories-15m-q4_0, 24407712, 18350208",
        "synthetic-tinyllama-1.1b-q4_k_m, 1100048384, 667078656",
        "synthetic-llama-3.1-8b-q4_k_m, 8030261312, 4912898304",
        "synthetic-gpt-oss-20b-mxfp4, 20914757184, 12096558336",
    })
    void sizesAreThoseOfTheRealModel(String id, long parameters, long tensorBytes) {
        SyntheticModel model = SyntheticModel.parse(id);

        assertThat(model.shape().parameterCount()).isEqualTo(parameters);
        assertThat(model.tensors().stream().mapToLong(GgufTensor::bytes).sum()).isEqualTo(tensorBytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "synthetic-stories-15m-l1-f16",
                "synthetic-stories-15m-l2-q8_0",
                "synthetic-stories-15m-l2-q4_k_m",
                "synthetic-smollm2-135m-l1-q4_1"
            })
    void filesAreReadableAndReproducible(String id, @TempDir Path folder) throws IOException {
        SyntheticModel model = SyntheticModel.parse(id);
        Path file = folder.resolve("a.gguf");
        List<Long> progress = new ArrayList<>();
        model.write(file, (done, total) -> {
            assertThat(total).isEqualTo(model.bytes());
            progress.add(done);
        });
        model.write(folder.resolve("b.gguf"), Progress.NONE);

        Gguf gguf = Gguf.read(file);
        assertThat(Files.size(file)).isEqualTo(model.bytes());
        assertThat(progress).isSorted().endsWith(model.bytes());
        assertThat(gguf.tensors()).isEqualTo(model.tensors());
        assertThat(gguf.architecture()).isEqualTo("llama");
        assertThat(gguf.name()).contains(id);
        assertThat(gguf.layers()).hasValue(model.layers());
        assertThat(gguf.trainedContextLength()).hasValue(model.shape().context());
        assertThat(gguf.fileTypeName()).contains(model.quantization().name());
        assertThat(gguf.hasTokenizer()).isFalse();
        assertThat(model.isIn(gguf)).isTrue();
        assertThat(Files.mismatch(file, folder.resolve("b.gguf"))).isEqualTo(-1);
    }

    @Test
    void llama3RopeFactorsScaleOnlyLongWavelengths() {
        float[] factors = Shapes.named("llama-3.2-1b").ropeFactors();

        assertThat(factors).hasSize(32);
        assertThat(factors[0]).isEqualTo(1);
        assertThat(factors[31]).isEqualTo(32);
        // 500000^(32/64) * 2 pi = 4442.9 positions a turn, 1.8438 turns in 8192: blend (1.8438 - 1) / 3.
        assertThat((double) factors[16]).isCloseTo(3.2923, Offset.offset(0.0001));
    }

    @Test
    void allShapesHaveASource() {
        assertThat(Shapes.all()).hasSize(12).allSatisfy(shape -> {
            assertThat(shape.source()).isNotBlank();
            assertThat(Shapes.named(shape.id().toUpperCase(Locale.ROOT))).isSameAs(shape);
        });
    }
}
