package dev.headroom.place;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.memory.FakeMeter;
import dev.headroom.memory.Meters;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class HostVramTest {
    private static final long MIB = 1L << 20;

    private volatile OptionalLong used = OptionalLong.of(500 * MIB);

    private static final class CardMeter extends FakeMeter {
        private final String card;

        CardMeter(String card, Supplier<OptionalLong> values) {
            super(Metric.VRAM_PEAK, values);
            this.card = card;
        }

        @Override
        public Optional<String> card() {
            return Optional.of(card);
        }
    }

    private static HostVram of(FakeMeter... meters) {
        return new HostVram(new Meters(List.of(meters), List.of()), Duration.ofSeconds(10));
    }

    private static Optional<ForkResult> fork() {
        SortedMap<Metric, MetricValue> metrics = new TreeMap<>();
        metrics.put(Metric.RAM_PEAK, Metric.RAM_PEAK.value(100));
        return Optional.of(new ForkResult(
                "cell",
                1,
                Status.OK,
                null,
                List.of(),
                "",
                1,
                List.of(new Iteration(1, 10, metrics, null), new Iteration(2, 11, metrics, null)),
                null,
                null,
                List.of(),
                List.of()));
    }

    /** A fork that holds so many MiB. */
    private Optional<ForkResult> holding(long mib) {
        OptionalLong before = used;
        used = OptionalLong.of(mib * MIB);
        LockSupport.parkNanos(300_000_000);
        used = before;
        return fork();
    }

    @Test
    void hostMetricsStandInEveryIteration() {
        try (HostVram host = of(new FakeMeter(Metric.VRAM_PEAK, () -> used))) {
            ForkResult seen = host.during(() -> holding(2000)).orElseThrow();

            assertThat(seen.iterations()).hasSize(2).allSatisfy(iteration -> assertThat(iteration.metrics())
                    .containsEntry(Metric.VRAM_HOST_BASELINE, Metric.VRAM_HOST_BASELINE.value(500))
                    .containsEntry(Metric.VRAM_HOST_PEAK, Metric.VRAM_HOST_PEAK.value(2000))
                    .containsEntry(Metric.RAM_PEAK, Metric.RAM_PEAK.value(100)));
            assertThat(host.facts()).singleElement().satisfies(fact -> assertThat(fact.metrics())
                    .contains("·vram.host.peak"));
        }
    }

    @Test
    void memoryThatIsStillBeingFreedIsNotBaseline() {
        Deque<Long> falling = new ArrayDeque<>(List.of(900L, 700L, 500L, 500L));
        try (HostVram host = of(new FakeMeter(Metric.VRAM_PEAK, () -> {
            Long next = falling.poll();
            return next == null ? used : OptionalLong.of(next * MIB);
        }))) {
            ForkResult seen = host.during(() -> holding(600)).orElseThrow();

            assertThat(seen.iterations().get(0).metrics())
                    .containsEntry(Metric.VRAM_HOST_BASELINE, Metric.VRAM_HOST_BASELINE.value(500))
                    .containsEntry(Metric.VRAM_HOST_PEAK, Metric.VRAM_HOST_PEAK.value(600));
        }
    }

    @Test
    void cardWithTheLargestRiseIsUsed() {
        try (HostVram host = of(
                new CardMeter("0000:01:00.0", () -> OptionalLong.of(3000 * MIB)),
                new CardMeter("0000:02:00.0", () -> used))) {
            assertThat(host.used()).contains(3500.0);

            ForkResult seen = host.during(() -> holding(600)).orElseThrow();

            assertThat(seen.iterations().get(0).metrics())
                    .containsEntry(Metric.VRAM_HOST_PEAK, Metric.VRAM_HOST_PEAK.value(600));
        }
    }

    @Test
    void withoutAMeterNothingIsAdded() {
        try (HostVram host = of(new FakeMeter(Metric.RAM_PEAK, () -> used))) {
            assertThat(host.facts()).isEmpty();
            assertThat(host.used()).isEmpty();
            assertThat(host.during(HostVramTest::fork)).isEqualTo(fork());
        }
    }

    @Test
    void stoppedMeterKeepsTheFork() {
        try (HostVram host = of(new FakeMeter(Metric.VRAM_PEAK, () -> used))) {
            assertThat(host.during(() -> {
                        used = OptionalLong.empty();
                        LockSupport.parkNanos(300_000_000);
                        used = OptionalLong.of(MIB);
                        return fork();
                    }))
                    .isEqualTo(fork());
        }
    }

    @Test
    void throwingMeterKeepsTheFork() {
        try (HostVram host = of(new FakeMeter(Metric.VRAM_PEAK, () -> {
            throw new IllegalStateException("broken");
        }))) {
            assertThat(host.during(HostVramTest::fork)).isEqualTo(fork());
        }
    }

    @Test
    void hangingMeterDoesNotHangTheRun() {
        FakeMeter hanging = new FakeMeter(Metric.VRAM_PEAK, () -> {
            LockSupport.parkNanos(Long.MAX_VALUE);
            return used;
        });
        try (HostVram host = new HostVram(new Meters(List.of(hanging), List.of()), Duration.ofMillis(300))) {
            assertThat(host.during(HostVramTest::fork)).isEqualTo(fork());
            assertThat(host.used()).isEmpty();
        }
    }

    @Test
    void cancelledForkStaysCancelled() {
        try (HostVram host = of(new FakeMeter(Metric.VRAM_PEAK, () -> used))) {
            assertThat(host.during(Optional::empty)).isEmpty();
        }
    }
}
