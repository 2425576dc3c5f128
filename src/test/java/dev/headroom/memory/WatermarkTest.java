package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WatermarkTest {
    private final Watermark watermark = new Watermark(500);

    @Test
    void whatWasBeforeDoesNotCount() {
        assertThat(watermark.since(100, 500)).isEqualTo(100);
    }

    @Test
    void aSpikeAboveAllEarlierOnesIsSeenOnce() {
        assertThat(watermark.since(100, 900)).isEqualTo(900);
        assertThat(watermark.since(100, 900)).isEqualTo(100);
        assertThat(watermark.since(800, 900)).isEqualTo(800);
    }

    /** The two numbers are read one after the other. */
    @Test
    void theValueNowMayBeTheLarger() {
        assertThat(watermark.since(700, 600)).isEqualTo(700);
    }

    @Test
    void somebodyElseMayHaveBegunANewOne() {
        assertThat(watermark.since(100, 120)).isEqualTo(100);
        assertThat(watermark.since(110, 300)).isEqualTo(300);
    }
}
