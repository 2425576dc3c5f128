package dev.headroom.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForkWatchTest {
    @Test
    void theStateOfAProcessStandsBehindItsName() {
        assertThat(ForkWatch.isStopped("4242 (java) T 1 4242 4242 34816 4242 1077936128 0 0"))
                .isTrue();
        assertThat(ForkWatch.isStopped("4242 (java) S 1 4242 4242 34816 4242 1077936128 0 0"))
                .isFalse();
        assertThat(ForkWatch.isStopped("4242 (a) T b) R 1 4242 4242 34816")).isFalse();
        assertThat(ForkWatch.isStopped("")).isFalse();
        assertThat(ForkWatch.isStopped("4242 (java)")).isFalse();
    }

    @Test
    void uptimeIsTheFirstNumber() {
        assertThat(ForkWatch.uptime("350735.47 234388.90\n")).hasValue(350735.47);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x 1", "-1 2", "1e9 2", "1234567890123456 1", "\u0000"})
    void uptimeThatMakesNoSenseIsAbsent(String text) {
        assertThat(ForkWatch.uptime(text)).isEmpty();
    }

    @Test
    void aSleepIsWhatOnlyOneOfTheClocksCounted() {
        OptionalDouble before = OptionalDouble.of(1000);

        assertThat(ForkWatch.slept(before, OptionalDouble.of(1730), 10, 1)).hasValue(720);
        assertThat(ForkWatch.slept(before, OptionalDouble.of(1010.4), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(before, OptionalDouble.of(1000), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(before, OptionalDouble.empty(), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(OptionalDouble.empty(), before, 10, 1)).isEmpty();
    }
}
