package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountTest {
    @Test
    void optionalFieldsAreSkipped() {
        Mount none = new Mount("/", "/", "ext4", "/dev/sda2", "rw,errors=remount-ro");

        assertThat(Mount.parse(List.of(
                        "30 1 8:2 / / rw,relatime - ext4 /dev/sda2 rw,errors=remount-ro",
                        "30 1 8:2 / / rw,noatime master:1 propagate_from:2 - ext4 /dev/sda2 rw,errors=remount-ro")))
                .containsExactly(none, none);
    }

    @Test
    void malformedMountIsLeftOut() {
        assertThat(Mount.parse(List.of(
                        "",
                        " - ",
                        "30 1 8:2 / /",
                        "30 1 8:2 / / rw,relatime ext4 /dev/sda2 rw",
                        "30 1 8:2 / / rw,relatime - ext4",
                        "30 1 8:2 / nowhere rw - ext4 /dev/sda2 rw")))
                .isEmpty();
    }

    @Test
    void lastRootHidesEarlierOnes() {
        List<Mount> mounts = Mount.parse(List.of(
                "1 1 0:2 / / rw - rootfs rootfs rw",
                "30 1 8:2 / / rw - ext4 /dev/sda2 rw",
                "31 30 0:21 / /sys rw - sysfs sysfs rw"));

        assertThat(Mount.ofRoot(mounts).orElseThrow().type()).isEqualTo("ext4");
        assertThat(Mount.ofRoot(mounts.subList(2, 3))).isEmpty();
    }
}
