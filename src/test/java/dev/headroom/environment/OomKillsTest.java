package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class OomKillsTest {
    @Test
    void memoryEventsOfVersion2() {
        assertThat(OomKills.count(List.of("low 0", "high 0", "max 812", "oom 3", "oom_kill 2", "oom_group_kill 0")))
                .hasValue(2);
    }

    @Test
    void oomControlOfVersion1() {
        assertThat(OomKills.count(List.of("oom_kill_disable 0", "under_oom 0", "oom_kill 7")))
                .hasValue(7);
    }

    @Test
    void kernelsBefore413DoNotCount() {
        assertThat(OomKills.count(List.of("oom_kill_disable 0", "under_oom 0"))).isEmpty();
        assertThat(OomKills.count(List.of("oom_kill", "oom_kill x", "oom_kill 99999999999999999999")))
                .isEmpty();
    }

    @Test
    void differencesNeedBoth() {
        OomKills earlier = new OomKills(OptionalLong.of(1), OptionalLong.empty());

        assertThat(new OomKills(OptionalLong.of(3), OptionalLong.of(9)).since(earlier))
                .isEqualTo(new OomKills(OptionalLong.of(2), OptionalLong.empty()));
    }
}
