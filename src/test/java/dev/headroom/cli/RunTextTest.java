package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunTextTest {
    private static Map<Metric, MetricValue> gap(double millis) {
        return Map.of(
                Metric.VRAM_PEAK, Metric.VRAM_PEAK.value(1600), Metric.VRAM_GAP_MAX, Metric.VRAM_GAP_MAX.value(millis));
    }

    @Test
    void onlyLongGapsAreShown() {
        assertThat(RunText.gap(gap(210.4))).isEqualTo(" (gap 210 ms)");
        assertThat(RunText.gap(gap(33))).isEmpty();
        assertThat(RunText.gap(Map.of())).as("no card").isEmpty();
    }

    @Test
    void peakWithItsGapIsAlignedAsANumber() {
        assertThat(Output.table(List.of(List.of("peak VRAM MiB"), List.of("9.5 (gap 210 ms)"), List.of("12.5"))))
                .isEqualTo("peak VRAM MiB\n9.5 (gap 210 ms)\n            12.5\n");
    }
}
