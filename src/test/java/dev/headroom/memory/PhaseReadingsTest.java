package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.Phase;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PhaseReadingsTest {
    private long used = 100;

    private static final class OnCard extends FakeMeter {
        private final String card;

        OnCard(String card, long used) {
            super(Metric.VRAM_PEAK, () -> OptionalLong.of(used));
            this.card = card;
        }

        @Override
        public Optional<String> card() {
            return Optional.of(card);
        }
    }

    private static final class Exact extends FakeMeter implements PeakMeter {
        Exact() {
            super(Metric.RAM_PEAK, () -> OptionalLong.of(999));
        }

        @Override
        public void reset() {
            throw new AssertionError("only the sampler resets peak meters");
        }
    }

    private static PhaseReadings readings(Meter... meters) {
        return new PhaseReadings(new Meters(List.of(meters), List.of()));
    }

    @Test
    void onlyTheFirstReadingOfAPhaseCounts() {
        PhaseReadings readings = readings(new FakeMeter(Metric.VRAM_PEAK, () -> OptionalLong.of(used)));
        readings.read(Phase.START);
        used = 200;
        readings.read(Phase.MODEL);
        used = 300;
        readings.read(Phase.MODEL);
        assertThat(readings.of(Phase.START, Metric.VRAM_PEAK, null)).hasValue(100);
        assertThat(readings.of(Phase.MODEL, Metric.VRAM_PEAK, null)).hasValue(200);
        assertThat(readings.of(Phase.CONTEXT, Metric.VRAM_PEAK, null)).isEmpty();
        assertThat(readings.all(null))
                .isEqualTo(Map.of(Phase.START, Map.of("vram", 100L), Phase.MODEL, Map.of("vram", 200L)));
    }

    @Test
    void meterWithoutAValueIsAbsent() {
        PhaseReadings readings = readings(
                new FakeMeter(Metric.VRAM_PROCESS_PEAK, OptionalLong::empty),
                new FakeMeter(Metric.RAM_ANON_PEAK, () -> OptionalLong.of(5)));
        readings.read(Phase.START);
        assertThat(readings.all(null)).isEqualTo(Map.of(Phase.START, Map.of("ram.anon", 5L)));
    }

    @Test
    void peakMetersAreLeftOut() {
        PhaseReadings readings = readings(new Exact(), new FakeMeter(Metric.RAM_PEAK, () -> OptionalLong.of(7)));
        readings.read(Phase.START);
        assertThat(readings.of(Phase.START, Metric.RAM_PEAK, null)).hasValue(7);
    }

    @Test
    void cardMayBeChosenAfterTheReadings() {
        PhaseReadings readings = readings(new OnCard("0000:01:00.0", 1), new OnCard("0000:02:00.0", 2));
        readings.read(Phase.START);
        assertThat(readings.of(Phase.START, Metric.VRAM_PEAK, "0000:02:00.0")).hasValue(2);
        assertThat(readings.all("0000:01:00.0")).isEqualTo(Map.of(Phase.START, Map.of("vram", 1L)));
    }
}
