package dev.headroom.fork;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ForkWatchTest {
    private final ForkWatch watch = new ForkWatch(
            new ForkTimeouts(Duration.ofMinutes(1), Duration.ofMinutes(1)),
            Path.of("heartbeat"),
            Path.of("threads"),
            () -> false);

    @Test
    void sleepIsTheDifferenceOfTheClocks() {
        watch.noticeSleep(730, 10);

        assertThat(watch.stoodStill()).isEqualTo("the machine slept for 720 s");
    }

    @Test
    void clocksThatAgreeShowNoSleep() {
        watch.noticeSleep(10.4, 10);
        watch.noticeSleep(0, 10);

        assertThat(watch.stoodStill()).isNull();
    }
}
