package dev.headroom.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Expected values are computed by hand; quantiles are from tables. */
class DifferenceEstimateTest {
    private static final Offset<Double> CLOSE = within(5e-4);

    /** Means 12 and 23, variances 4 and 13, three each. */
    @Test
    void welch() {
        DifferenceEstimate estimate = DifferenceEstimate.welch(FakeRun.forks(10, 12, 14), FakeRun.forks(20, 22, 27), 0);

        assertThat(estimate.baseline()).isEqualTo(12);
        assertThat(estimate.difference()).isEqualTo(11);
        assertThat(estimate.standardError()).isCloseTo(2.3805, CLOSE); // √(4/3 + 13/3)
        assertThat(estimate.degrees()).isCloseTo(3.1243, CLOSE);
        assertThat(estimate.units()).isEqualTo(3);
    }

    /** Differences 10, 10 and 13: mean 11, variance 3. */
    @Test
    void pairs() {
        DifferenceEstimate estimate =
                DifferenceEstimate.paired(FakeRun.forks(10, 12, 14), FakeRun.forks(20, 22, 27), 0);

        assertThat(estimate.difference()).isEqualTo(11);
        assertThat(estimate.standardError()).isCloseTo(1, CLOSE);
        assertThat(estimate.degrees()).isEqualTo(2);
        assertThat(estimate.interval(0.05).low()).isCloseTo(11 - 4.3027, CLOSE);
        assertThat(estimate.interval(0.05).high()).isCloseTo(11 + 4.3027, CLOSE);
        assertThat(estimate.p()).isCloseTo(0.00816, CLOSE); // t = 11 with 2 degrees: 1 - 11/√(121 + 2)
        assertThat(estimate.detectable(0.05)).isCloseTo(4.3027 + 1.0607, CLOSE); // t for 97.5 % and for 80 %
    }

    /** The variance of four runs, 8/3, is taken for the single run too. */
    @Test
    void oneAgainstSeveral() {
        DifferenceEstimate estimate =
                DifferenceEstimate.equalVariance(FakeRun.forks(8, 10, 10, 12), FakeRun.forks(14), 0);

        assertThat(estimate.difference()).isEqualTo(4);
        assertThat(estimate.standardError()).isCloseTo(Math.sqrt(8.0 / 3 * 1.25), CLOSE);
        assertThat(estimate.degrees()).isEqualTo(3);
    }

    @Test
    void oneUnitHasNoStandardError() {
        assertThat(DifferenceEstimate.welch(FakeRun.forks(10), FakeRun.forks(20), 0)
                        .hasStandardError())
                .isFalse();
        assertThat(DifferenceEstimate.welch(FakeRun.forks(10), FakeRun.forks(20, 21, 22), 0)
                        .hasStandardError())
                .isFalse();
        assertThat(DifferenceEstimate.paired(FakeRun.forks(10), FakeRun.forks(20), 0)
                        .hasStandardError())
                .isFalse();
    }

    /** Rounding to steps of 2 has a variance of 4/12. */
    @Test
    void constantValuesHaveTheVarianceOfRounding() {
        DifferenceEstimate same =
                DifferenceEstimate.welch(FakeRun.forks(500, 500, 500), FakeRun.forks(500, 500, 500), 4.0 / 12);
        DifferenceEstimate other =
                DifferenceEstimate.welch(FakeRun.forks(500, 500, 500), FakeRun.forks(564, 564, 564), 4.0 / 12);

        assertThat(same.standardError()).isCloseTo(Math.sqrt(2.0 / 9), CLOSE);
        assertThat(same.degrees()).isCloseTo(4, CLOSE);
        assertThat(same.p()).isEqualTo(1);
        assertThat(other.p()).isLessThan(1e-7);
    }

    @Test
    void quantilesMatchTables() {
        assertThat(StudentT.quantile(0.975, 2)).isCloseTo(4.3027, CLOSE);
        assertThat(StudentT.quantile(0.975, 4)).isCloseTo(2.7764, CLOSE);
        assertThat(StudentT.quantile(0.95, 10)).isCloseTo(1.8125, CLOSE);
        assertThat(StudentT.quantile(0.975, 1e9)).isCloseTo(1.9600, CLOSE);
        assertThat(StudentT.twoSided(-2.7764, 4)).isCloseTo(0.05, CLOSE);
    }

    /** 0.001 ≤ 0.05/5 and 0.01 ≤ 0.05/4, but 0.02 > 0.05/3. */
    @Test
    void holmStopsAtTheFirstLargePValue() {
        assertThat(Holm.level(FakeRun.forks(0.3, 0.01, 0.02, 0.001, 0.04), 0.05))
                .isCloseTo(0.05 / 3, CLOSE);
        assertThat(Holm.level(FakeRun.forks(0.001, 0.002), 0.05)).isEqualTo(0.05);
        assertThat(Holm.level(FakeRun.forks(0.5, 0.6), 0.05)).isEqualTo(0.025);
        assertThat(Holm.level(FakeRun.forks(), 0.05)).isEqualTo(0.05);
    }

    @Test
    void ratioIsComputedFromLogarithms() {
        double baseline = 100;
        double difference = Scale.RATIO.of(90) - Scale.RATIO.of(100);

        assertThat(Scale.RATIO.units(baseline, difference)).isCloseTo(-10, CLOSE);
        assertThat(Scale.RATIO.percent(baseline, difference)).isCloseTo(-10, CLOSE);
        assertThat(Scale.DIFFERENCE.percent(200, 10)).isEqualTo(5);
    }
}
