package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.result.Metric;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long US = 1_000;
    private static final long MS = 1_000_000;
    private static final long WAKE_UP = 40 * US;

    private final Gauge first = new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(1));
    private final Gauge second = new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(1));
    private final Gauge third = new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(1));
    private final List<Gauge> all = List.of(first, second, third);

    @Test
    void leadingGaugeGetsTheLargestShare() {
        Pace pace = new Pace(all, List.of(first), null, false);
        pace.addCost(first, 10 * US);
        pace.addCost(second, 60 * US);
        pace.addCost(third, 460 * US);
        assertThat(pace.period(first)).as("50 µs by 0.3 % are 16.7 ms").isEqualTo(32 * MS);
        assertThat(pace.period(second)).as("100 µs by 0.05 % are 200 ms").isEqualTo(256 * MS);
        assertThat(pace.period(third)).as("500 µs by 0.05 % are 1000 ms").isEqualTo(1024 * MS);
    }

    @Test
    void allReadingsTakeAtMostHalfAPercent() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            Pace pace = new Pace(all, random.nextBoolean() ? List.of(first) : List.of(first, second), null, false);
            long[] costs = random.longs(all.size(), 0, 5 * MS).toArray();
            double share = 0;
            for (int g = 0; g < all.size(); g++) {
                pace.addCost(all.get(g), costs[g]);
                share += (double) (costs[g] + WAKE_UP) / pace.period(all.get(g));
            }
            assertThat(share).isLessThanOrEqualTo(0.005 + 1e-9);
        }
    }

    @Test
    void givenIntervalIsThePeriodOfTheLeadingGauge() {
        Pace pace = new Pace(all, List.of(first), Duration.ofMillis(3), false);
        pace.addCost(first, 100 * MS);
        pace.addCost(second, 0);
        assertThat(pace.period(first)).isEqualTo(3 * MS);
        assertThat(pace.period(second)).as("80 ms, as 3 ms doubled").isEqualTo(96 * MS);
    }

    @Test
    void leadingGaugeIsReadEveryFewMillisecondsOnAFreeCore() {
        Pace pace = new Pace(all, List.of(first), null, true);
        pace.addCost(first, 120 * US);
        pace.addCost(second, 60 * US);
        assertThat(pace.period(first)).isEqualTo(4 * MS);
        assertThat(pace.period(second)).as("as without a free core").isEqualTo(256 * MS);
        for (int i = 0; i < 9; i++) {
            pace.addCost(first, 130 * US);
        }
        assertThat(pace.period(first)).as("170 µs are more than 4 % of 4 ms").isEqualTo(64 * MS);

        Pace given = new Pace(all, List.of(first), Duration.ofMillis(20), true);
        assertThat(given.period(first)).isEqualTo(20 * MS);
        Pace cards = new Pace(all, List.of(first, second), null, true);
        cards.addCost(first, 80 * US);
        assertThat(cards.period(first)).as("two cards share the core").isEqualTo(128 * MS);
    }

    @Test
    void singleSlowReadingsDoNotChangeThePeriod() {
        Pace pace = new Pace(all, List.of(first), null, false);
        pace.addCost(first, 5 * MS);
        pace.addCost(first, 10 * US);
        assertThat(pace.period(first)).isEqualTo(32 * MS);
        for (int i = 0; i < 20; i++) {
            pace.addCost(first, i % 5 == 4 ? 50 * MS : 10 * US);
        }
        assertThat(pace.period(first)).isEqualTo(32 * MS);
        for (int i = 0; i < 5; i++) {
            pace.addCost(first, 60 * US);
        }
        assertThat(pace.period(first))
                .as("most of the last readings are slower")
                .isEqualTo(64 * MS);
    }

    @Test
    void peakMeterTakesNoShare() {
        class Exact extends FakeMeter implements PeakMeter {
            Exact() {
                super(Metric.RAM_PEAK, () -> OptionalLong.of(1));
            }

            @Override
            public void reset() {}
        }
        Pace pace = new Pace(List.of(first, second, new Exact()), List.of(first), null, false);
        assertThat(pace.period(second)).as("40 µs by 0.1 %").isEqualTo(64 * MS);
    }

    @Test
    void measuresCostsOfPolledGauges() {
        long[] reads = {0};
        Gauge slow = new FakeMeter(Metric.RAM_PEAK, () -> {
            reads[0]++;
            LockSupport.parkNanos(2 * MS);
            return OptionalLong.of(1);
        });
        Pace pace = new Pace(List.of(slow), List.of(slow), null, false);
        assertThat(pace.period(slow)).as("wake-up only").isEqualTo(16 * MS);
        pace.measureCosts();
        assertThat(reads[0]).isEqualTo(3);
        assertThat(pace.period(slow)).as("2 ms by 0.3 % are 667 ms").isGreaterThanOrEqualTo(1024 * MS);
    }

    @Test
    void unknownGaugeIsRejected() {
        Pace pace = new Pace(List.of(first), List.of(first), null, false);
        assertThatThrownBy(() -> pace.period(second)).isInstanceOf(IllegalArgumentException.class);
    }
}
