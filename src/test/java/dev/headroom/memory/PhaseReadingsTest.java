package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.Phase;
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
            super("vram.peak", () -> OptionalLong.of(used));
            this.card = card;
        }

        @Override
        public Optional<String> card() {
            return Optional.of(card);
        }
    }

    private static final class Exact extends FakeMeter implements PeakMeter {
        Exact() {
            super("ram.peak", () -> OptionalLong.of(999));
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
        PhaseReadings readings = readings(new FakeMeter("vram.peak", () -> OptionalLong.of(used)));
        readings.read(Phase.START);
        used = 200;
        readings.read(Phase.MODEL);
        used = 300;
        readings.read(Phase.MODEL);
        assertThat(readings.of(Phase.START, "vram.peak", null)).hasValue(100);
        assertThat(readings.of(Phase.MODEL, "vram.peak", null)).hasValue(200);
        assertThat(readings.of(Phase.CONTEXT, "vram.peak", null)).isEmpty();
        assertThat(readings.all(null))
                .isEqualTo(Map.of(Phase.START, Map.of("vram", 100L), Phase.MODEL, Map.of("vram", 200L)));
    }

    @Test
    void meterWithoutAValueIsAbsent() {
        PhaseReadings readings = readings(
                new FakeMeter("vram.process.peak", OptionalLong::empty),
                new FakeMeter("ram.anon.peak", () -> OptionalLong.of(5)));
        readings.read(Phase.START);
        assertThat(readings.all(null)).isEqualTo(Map.of(Phase.START, Map.of("ram.anon", 5L)));
    }

    @Test
    void peakMetersAreLeftOut() {
        PhaseReadings readings = readings(new Exact(), new FakeMeter("ram.peak", () -> OptionalLong.of(7)));
        readings.read(Phase.START);
        assertThat(readings.of(Phase.START, "ram.peak", null)).hasValue(7);
    }

    @Test
    void cardMayBeChosenAfterTheReadings() {
        PhaseReadings readings = readings(new OnCard("0000:01:00.0", 1), new OnCard("0000:02:00.0", 2));
        readings.read(Phase.START);
        assertThat(readings.of(Phase.START, "vram.peak", "0000:02:00.0")).hasValue(2);
        assertThat(readings.all("0000:01:00.0")).isEqualTo(Map.of(Phase.START, Map.of("vram", 1L)));
    }
}
