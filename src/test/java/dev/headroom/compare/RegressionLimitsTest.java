package dev.headroom.compare;

import static dev.headroom.compare.FakeRun.TOKENS;
import static dev.headroom.compare.FakeRun.VRAM;
import static dev.headroom.compare.FakeRun.forks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegressionLimitsTest {
    /** 10 % slower, and 12.5 % or 1000 MiB more memory: both verdicts are worse. */
    private static final Comparison WORSE = compare(forks(90, 91, 89, 90.5, 89.5), forks(9000, 9002, 9000, 9000, 9000));

    private static Comparison compare(double[] speed, double[] memory) {
        return Comparer.compare(
                List.of(
                        new FakeRun("a")
                                .cell(
                                        "TokenGeneration",
                                        512,
                                        Map.of(
                                                TOKENS,
                                                forks(100, 101, 99, 100.5, 99.5),
                                                VRAM,
                                                forks(8000, 8000, 8002, 8000, 8000)))
                                .run(),
                        new FakeRun("b")
                                .in("wsl2")
                                .cell("TokenGeneration", 512, Map.of(TOKENS, speed, VRAM, memory))
                                .run()),
                Dimension.ENVIRONMENT,
                null);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "vram=5%; 1",
                "vram=13%; 0",
                "vram=900MiB; 1",
                "vram=1001MiB; 0",
                "tokens=-3%; 1",
                "tokens=-11%; 0",
                "vram=5%,tokens=-3%; 2",
                " vram = 5 % , tokens=-30%; 1",
                "vram.peak=5%; 1",
                "tokens=3%; 1",
                "tokens=11%; 0",
                "vram=-13%; 0",
            })
    void worseDifferencesAboveTheLimitExceedIt(String limits, int exceeded) {
        assertThat(RegressionLimits.of(limits).exceeded(WORSE)).hasSize(exceeded);
    }

    @Test
    void textNamesLimitMetricAndCells() {
        assertThat(RegressionLimits.of("vram=5%").exceeded(WORSE))
                .containsExactly(
                        "vram=5%: vram.peak is +12.50 % in TokenGeneration-512-native-linux, TokenGeneration-512-wsl2");
    }

    @Test
    void unclearDifferenceExceedsNoLimit() {
        Comparison noisy = compare(forks(60, 100, 140, 70, 90), forks(8000, 8000, 8002, 8000, 8000));

        assertThat(RegressionLimits.of("tokens=-3%").exceeded(noisy)).isEmpty();
    }

    @Test
    void limitWithoutComparedMetricIsUnused() {
        assertThat(RegressionLimits.of("ram=5%,vram=5%").unused(WORSE)).containsExactly("ram=5%");
        assertThat(RegressionLimits.of("tokens=5MiB").unused(WORSE)).containsExactly("tokens=5MiB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vram", "vram=5", "vram=%", "vram=5%,", "VRAM=5%", "vram=1e3%", "vram=NaN%", "=5%"})
    void invalidLimitIsRejected(String limits) {
        assertThatThrownBy(() -> RegressionLimits.of(limits))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("vram=5%");
    }

    @Test
    void unknownMetricIsRejected() {
        assertThatThrownBy(() -> RegressionLimits.of("token=5%").exceeded(WORSE))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("did you mean tokens?");
    }
}
