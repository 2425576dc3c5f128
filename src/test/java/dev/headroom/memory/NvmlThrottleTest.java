package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.memory.NvmlThrottle.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NvmlThrottleTest {
    @ParameterizedTest(name = "{0}")
    @ValueSource(longs = {0, 0x001, 0x002, 0x010, 0x100, 0x113, 0x8000_0000_0000_0000L, ~0x1ffL})
    void otherReasonsAreNotThrottling(long bits) {
        assertThat(Reason.of(bits)).isEmpty();
    }

    @Test
    void readsTheReasonsFromTheBits() {
        assertThat(Reason.of(0x04)).containsExactly(Reason.POWER_CAP);
        assertThat(Reason.of(0x49)).containsExactly(Reason.HARDWARE_SLOWDOWN, Reason.HARDWARE_THERMAL_SLOWDOWN);
        assertThat(Reason.of(-1)).containsExactly(Reason.values());
        assertThat(Reason.HARDWARE_THERMAL_SLOWDOWN).hasToString("hardware thermal slowdown");
    }
}
