package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LifetimePeakTest {
    private final LifetimePeak lifetimePeak = new LifetimePeak(500);

    @Test
    void earlierPeakDoesNotCount() {
        assertThat(lifetimePeak.since(100, 500)).isEqualTo(100);
    }

    @Test
    void newLifetimePeakCountsOnce() {
        assertThat(lifetimePeak.since(100, 900)).isEqualTo(900);
        assertThat(lifetimePeak.since(100, 900)).isEqualTo(100);
        assertThat(lifetimePeak.since(800, 900)).isEqualTo(800);
    }

    /** The two values are read one after the other. */
    @Test
    void currentValueMayBeLarger() {
        assertThat(lifetimePeak.since(700, 600)).isEqualTo(700);
    }

    @Test
    void anotherProcessMayResetThePeak() {
        assertThat(lifetimePeak.since(100, 120)).isEqualTo(100);
        assertThat(lifetimePeak.since(110, 300)).isEqualTo(300);
    }
}
