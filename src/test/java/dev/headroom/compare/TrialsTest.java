package dev.headroom.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.compare.Trials.Design;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error rates of comparisons, in small seeded simulations; {@link Trials} runs larger ones. */
class TrialsTest {
    @ParameterizedTest
    @CsvSource({"SEPARATE, 3", "SEPARATE, 5", "INTERLEAVED, 3", "INTERLEAVED, 5", "SEVERAL, 3"})
    void comparingAWithAHardlyEverFindsADifference(Design design, int forks) {
        assertThat(Trials.falseVerdicts(200, forks, design)).isLessThanOrEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({"SEPARATE", "INTERLEAVED", "SEVERAL"})
    void intervalsContainTheTruth(Design design) {
        assertThat(Trials.coverage(60, 5, design, 0.97)).isBetween(92.0, 98.5);
    }

    @ParameterizedTest
    @CsvSource({"3", "5"})
    void differenceOf64MebibytesIsFound(int forks) {
        assertThat(Trials.memoryPower(20, forks, 10, 2, 64)).isGreaterThanOrEqualTo(95);
    }

    @ParameterizedTest
    @CsvSource({"5", "10"})
    void minimumDetectableDifferenceIsFound(int forks) {
        assertThat(Trials.powerAtDetectable(300, forks, 0.01, 1)).isBetween(65.0, 90.0);
        assertThat(Trials.powerAtDetectable(300, forks, 0.01, 2)).isGreaterThanOrEqualTo(95);
    }

    /** Pairs find a difference of 3 % although the machine drifts by 5 % from fork to fork. */
    @ParameterizedTest
    @CsvSource({"INTERLEAVED, true", "SEPARATE, true"})
    void driftCancelsOut(Design design, boolean found) {
        Trials trials = new Trials(5, 10, design);
        assertThat(trials.speed(1, 0.005, new Trials.Effect(0.97, 0))
                        .differences()
                        .get(0)
                        .verdict()
                        .found())
                .isEqualTo(found);
    }
}
