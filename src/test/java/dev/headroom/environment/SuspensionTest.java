package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SuspensionTest {
    @Test
    void processStateFollowsItsName() {
        assertThat(ProcessTime.state("4242 (java) T 1 4242 4242 34816 4242 1077936128 0 0"))
                .isEqualTo("T");
        assertThat(ProcessTime.state("4242 (java) S 1 4242 4242 34816 4242 1077936128 0 0"))
                .isEqualTo("S");
        assertThat(ProcessTime.state("4242 (a) T b) R 1 4242 4242 34816")).isEqualTo("R");
        assertThat(ProcessTime.state("")).isEmpty();
        assertThat(ProcessTime.state("4242 (java)")).isEmpty();
    }

    @Test
    void uptimeIsTheFirstNumber() {
        assertThat(Suspension.uptime("350735.47 234388.90\n")).hasValue(350735.47);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x 1", "-1 2", "1e9 2", "1234567890123456 1", "\u0000"})
    void malformedUptimeIsAbsent(String text) {
        assertThat(Suspension.uptime(text)).isEmpty();
    }
}
