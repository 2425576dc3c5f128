package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.result.Prediction.Part;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionTest {
    @ParameterizedTest
    @CsvSource({
        "100, 101.9, false",
        "100, 102.1, true",
        "100,  97.9, true",
        "10000, 10031, false",
        "10000, 10033, true",
        "0.5, 0.59, false",
        "0.5, 0.61, true",
        "0, 0, false",
    })
    void errorAboveTwoPercentOr32MiBIsWrong(double predicted, double measured, boolean wrong) {
        assertThat(new Part("kv", "CPU", predicted, "formula")
                        .measured(measured)
                        .wrong())
                .isEqualTo(wrong);
    }

    @Test
    void unmeasuredPartIsNotWrong() {
        assertThat(new Part("kv", "CPU", 100, "formula").wrong()).isFalse();
    }

    @Test
    void mebibytesAreTheSumOfTheKinds() {
        Prediction prediction = new Prediction(
                List.of(
                        new Part("model", "CPU", 1, "formula"),
                        new Part("model", "CUDA0", 2, "formula"),
                        new Part("kv", "CUDA0", 4, "formula")),
                null);
        assertThat(prediction.mebibytes("model")).hasValue(3);
        assertThat(prediction.mebibytes("kv", "recurrent")).hasValue(4);
        assertThat(prediction.mebibytes("compute")).isEmpty();
    }

    @Test
    void jsonIsReadBackEqual() throws JsonProcessingException {
        Prediction prediction = new Prediction(
                List.of(new Part("kv", null, 4, "simulation"), new Part("kv", "CPU", 4, "formula").measured(4.01)),
                "why");
        String json = Json.line(prediction);
        assertThat(json).doesNotContain("null", "wrong");
        assertThat(Json.read(json, Prediction.class)).isEqualTo(prediction);
    }
}
