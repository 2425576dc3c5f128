package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.result.Metric;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final long MS = 1_000_000;
    private static final Duration INTERVAL = Duration.ofMillis(10);

    /** A clock that moves only during a wait. Each wait may take longer than requested. */
    private static final class TestClock implements Sampler.Clock {
        private final LongUnaryOperator delay;
        private final long end;
        private long now = 5;
        private @Nullable Sampler toStop;

        TestClock(long end, LongUnaryOperator delay) {
            this.end = now + end;
            this.delay = delay;
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void parkNanos(long nanos) {
            now += nanos + delay.applyAsLong(now);
            if (now >= end && toStop != null) {
                toStop.stopPolling();
            }
        }

        Sampler run(Gauge... gauges) {
            return run(List.of(gauges), every(INTERVAL, gauges));
        }

        Sampler run(List<Gauge> gauges, Pace pace) {
            Sampler sampler = new Sampler(gauges, pace, this);
            toStop = sampler;
            sampler.begin();
            sampler.poll();
            sampler.end();
            return sampler;
        }
    }

    private static Pace every(Duration interval, Gauge... gauges) {
        return new Pace(List.of(gauges), List.of(gauges), interval, false);
    }

    @Test
    void readsAtEveryDeadline() {
        TestClock clock = new TestClock(100 * MS, now -> 0);
        List<Long> times = new ArrayList<>();
        FakeMeter meter = new FakeMeter(Metric.RAM_PEAK, () -> {
            times.add(clock.now - 5);
            return OptionalLong.of(times.size());
        });
        Series series = clock.run(meter).of(meter);
        assertThat(times)
                .containsExactly(
                        0L, 10 * MS, 20 * MS, 30 * MS, 40 * MS, 50 * MS, 60 * MS, 70 * MS, 80 * MS, 90 * MS, 100 * MS);
        assertThat(series.samples()).isEqualTo(11);
        assertThat(series.longestGapMillis()).isEqualTo(10);
        assertThat(series.peak()).hasValue(11);
    }

    @Test
    void deadlinesDoNotDriftAndMissedOnesAreSkipped() {
        TestClock clock = new TestClock(100 * MS, now -> now < 20 * MS ? 3 * MS : now < 30 * MS ? 27 * MS : 0);
        List<Long> times = new ArrayList<>();
        FakeMeter meter = new FakeMeter(Metric.RAM_PEAK, () -> {
            times.add((clock.now - 5) / MS);
            return OptionalLong.of(1);
        });
        Series series = clock.run(meter).of(meter);
        assertThat(times).containsExactly(0L, 13L, 23L, 57L, 60L, 70L, 80L, 90L, 100L);
        assertThat(series.longestGapMillis()).isEqualTo(34);
    }

    @Test
    void slowReadingIsAGap() {
        TestClock clock = new TestClock(100 * MS, now -> 0);
        FakeMeter slow = new FakeMeter(Metric.RAM_PEAK, () -> {
            clock.now += clock.now > 40 * MS && clock.now < 50 * MS ? 25 * MS : 0;
            return OptionalLong.of(1);
        });
        Series series = clock.run(slow).of(slow);
        assertThat(series.longestGapMillis()).isEqualTo(30);
    }

    @Test
    void costlyGaugesAreReadLessOften() {
        TestClock clock = new TestClock(3000 * MS, now -> 0);
        FakeMeter cheap = new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(1));
        FakeMeter costly = new FakeMeter(Metric.RAM_PEAK, () -> {
            clock.now += MS;
            return OptionalLong.of(1);
        });
        List<Gauge> gauges = List.of(cheap, costly);
        Sampler sampler = clock.run(gauges, new Pace(gauges, List.of(cheap), INTERVAL, false));
        assertThat(sampler.of(cheap).samples()).isEqualTo(301);
        // 1.04 ms at a share of 0.1 % are 1040 ms: readings at 0, 1280 and 2560 ms, and at the end
        assertThat(sampler.of(costly).samples()).isEqualTo(4);
    }

    @Test
    void readNowDoesNotWaitForADeadline() {
        TestClock clock = new TestClock(5 * MS, now -> 0);
        long[] used = {1};
        FakeMeter meter = new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(used[0]));
        Sampler sampler = new Sampler(List.of(meter), every(INTERVAL, meter), clock);
        sampler.begin();
        clock.now += 2 * MS;
        used[0] = 7;
        sampler.readNow();
        clock.now += 2 * MS;
        used[0] = 1;
        sampler.stopPolling();
        sampler.poll();
        sampler.end();
        assertThat(sampler.of(meter).peak()).hasValue(7);
        assertThat(sampler.of(meter).samples()).isEqualTo(3);
        assertThat(sampler.of(meter).longestGapMillis()).isEqualTo(2);
    }

    @Test
    void peakMetersAreResetFirstAndReadLast() {
        List<String> calls = new ArrayList<>();
        class Exact extends FakeMeter implements PeakMeter {
            Exact() {
                super(Metric.RAM_PEAK, () -> {
                    calls.add("peak");
                    return OptionalLong.of(42);
                });
            }

            @Override
            public void reset() {
                calls.add("reset");
            }
        }
        FakeMeter polled = new FakeMeter(Metric.RAM_PEAK, () -> {
            calls.add("read");
            return OptionalLong.of(1);
        });
        Exact exact = new Exact();
        Series series = new TestClock(10 * MS, now -> 0).run(polled, exact).of(exact);
        assertThat(calls).containsExactly("reset", "read", "read", "peak");
        assertThat(series.peak()).hasValue(42);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void nextDeadlineIsTheFirstMultipleAfterNow(int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 1000; i++) {
            long start = random.nextLong(); // nanoTime() may have any value and may overflow
            long period = 1L + random.nextInt(1_000_000_000);
            long now = start + (random.nextLong() >>> 10);
            long deadline = Sampler.deadlineAfter(now, start, period);
            assertThat((deadline - start) % period).isZero();
            assertThat(deadline - now).isBetween(1L, period);
        }
    }

    @Test
    void realThreadSamplesUntilStopped() throws InterruptedException {
        AtomicLong reads = new AtomicLong();
        CountDownLatch ten = new CountDownLatch(10);
        FakeMeter meter = new FakeMeter(Metric.RAM_PEAK, () -> {
            ten.countDown();
            return OptionalLong.of(reads.incrementAndGet());
        });
        Sampler sampler = Sampler.start(List.of(meter), every(Duration.ofMillis(1), meter));
        assertThat(ten.await(30, TimeUnit.SECONDS)).isTrue();
        sampler.stop();
        long after = reads.get();
        assertThat(sampler.of(meter).peak()).hasValue(after);
        assertThat(sampler.of(meter).samples()).isEqualTo(after);
        assertThat(sampler.costPercent().orElseThrow()).isBetween(0.001, 100.0);
    }

    @Test
    void samplerWithoutGaugesCanBeStopped() {
        Sampler sampler = Sampler.start(List.of(), every(INTERVAL));
        sampler.stop();
        assertThat(sampler.costPercent()).isPresent();
    }

    @Test
    void stopThrowsTheFailureOfAMeter() throws InterruptedException {
        CountDownLatch failed = new CountDownLatch(1);
        AtomicLong reads = new AtomicLong();
        FakeMeter meter = new FakeMeter(Metric.RAM_PEAK, () -> {
            if (reads.incrementAndGet() > 3) {
                failed.countDown();
                throw new IllegalStateException("the card is on fire");
            }
            return OptionalLong.of(1);
        });
        Sampler sampler = Sampler.start(List.of(meter), every(Duration.ofMillis(1), meter));
        assertThat(failed.await(30, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(sampler::stop)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("failed to read fake")
                .hasMessageContaining("the card is on fire")
                .hasRootCauseMessage("the card is on fire");
    }
}
