package dev.headroom.fork;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ForkWatchTest {
    @Test
    void sleepIsTheDifferenceOfTheClocks() {
        OptionalDouble before = OptionalDouble.of(1000);

        assertThat(ForkWatch.slept(before, OptionalDouble.of(1730), 10, 1)).hasValue(720);
        assertThat(ForkWatch.slept(before, OptionalDouble.of(1010.4), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(before, OptionalDouble.of(1000), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(before, OptionalDouble.empty(), 10, 1)).isEmpty();
        assertThat(ForkWatch.slept(OptionalDouble.empty(), before, 10, 1)).isEmpty();
    }
}
