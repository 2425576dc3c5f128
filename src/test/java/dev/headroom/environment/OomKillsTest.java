package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class OomKillsTest {
    @Test
    void killsOfVersion2AreCounted() {
        assertThat(OomKills.count(List.of("low 0", "high 0", "max 812", "oom 3", "oom_kill 2", "oom_group_kill 0")))
                .hasValue(2L);
    }

    @Test
    void killsOfVersion1AreCounted() {
        assertThat(OomKills.count(List.of("oom_kill_disable 0", "under_oom 0", "oom_kill 7")))
                .hasValue(7L);
    }

    @Test
    void noCountBeforeLinux413() {
        assertThat(OomKills.count(List.of("oom_kill_disable 0", "under_oom 0"))).isEmpty();
        assertThat(OomKills.count(List.of("oom_kill", "oom_kill x", "oom_kill 99999999999999999999")))
                .isEmpty();
    }

    @Test
    void differenceNeedsBothCounts() {
        OomKills earlier = new OomKills(1L, null);

        assertThat(new OomKills(3L, 9L).since(earlier)).isEqualTo(new OomKills(2L, null));
    }
}
