package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class SeriesTest {
    @Test
    void peakIsEmptyWithoutAValue() {
        Series series = new Series(0);
        series.addMissing();
        series.end(3_000_000);
        assertThat(series.peak()).isEmpty();
        assertThat(series.mean()).isEmpty();
        assertThat(series.samples()).isZero();
        assertThat(series.longestGapMillis()).isEqualTo(3);
    }

    @Test
    void gaugeMayStartWithMissingValues() {
        Series series = new Series(0);
        series.addMissing();
        series.add(2, -5);
        series.add(3, -7);
        assertThat(series.peak()).hasValue(-5);
        assertThat(series.mean()).hasValue(-6);
    }

    @Test
    void peakIsEmptyOnceTheGaugeIsLost() {
        Series series = new Series(0);
        series.add(1, 7);
        series.addMissing();
        assertThat(series.peak()).isEmpty();
        series.add(3, 5);
        assertThat(series.peak()).as("the gauge has values again").hasValue(7);
    }

    @RepeatedTest(50)
    void gapsAndPeaksOfRandomTimesAndValues(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        long start = random.nextLong();
        Series series = new Series(start);
        List<Long> times = new ArrayList<>(List.of(start));
        long time = start;
        long[] values = random.longs(1 + random.nextInt(50), 0, 1L << 40).toArray();
        for (long value : values) {
            time += random.nextInt(20_000_000);
            if (random.nextInt(5) == 0) {
                series.addMissing();
            }
            series.add(time, value);
            times.add(time);
        }
        times.add(time + random.nextInt(20_000_000));
        series.end(times.get(times.size() - 1));

        long gap = 0;
        for (int i = 1; i < times.size(); i++) {
            gap = Math.max(gap, times.get(i) - times.get(i - 1));
        }
        assertThat(series.longestGapMillis()).isEqualTo(gap / 1e6);
        assertThat(series.samples()).isEqualTo(values.length);
        assertThat(series.peak()).hasValue(LongStream.of(values).max().orElseThrow());
        assertThat(series.mean().orElseThrow())
                .isCloseTo(LongStream.of(values).average().orElseThrow(), within(1.0));
    }
}
