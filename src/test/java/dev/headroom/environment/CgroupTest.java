package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupTest {
    private static final String V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    private static final String V1 =
            """
            31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
            32 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 ROOT /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
            """;

    private final FakeMachine machine;

    CgroupTest(@TempDir Path root) {
        machine = FakeMachine.linux(root, "6.8.0");
    }

    @Test
    void smallestLimitOfAllGroupsAboveCounts() {
        machine.file("proc/self/mountinfo", V2)
                .file("proc/self/cgroup", "0::/system.slice/bench.service/inner\n")
                .file("sys/fs/cgroup/system.slice/memory.max", "8589934592\n")
                .file("sys/fs/cgroup/system.slice/bench.service/memory.max", "1073741824\n")
                .file("sys/fs/cgroup/system.slice/bench.service/inner/memory.max", "max\n");

        assertThat(Cgroup.memoryLimitMiB(machine.machine())).hasValue(1024L);
    }

    @Test
    void groupWithTheSmallestLimitIsFound() {
        machine.file("proc/self/mountinfo", V2)
                .file("proc/self/cgroup", "0::/pod/container\n")
                .file("sys/fs/cgroup/pod/memory.max", "1073741824\n")
                .file("sys/fs/cgroup/pod/container/memory.max", "max\n");

        Cgroup.Group group = Cgroup.ofMemory(machine.machine()).orElseThrow();
        assertThat(group.version()).isEqualTo(2);
        assertThat(group.folder()).isEqualTo(machine.machine().root().resolve("sys/fs/cgroup/pod"));
        assertThat(group.limit()).isEqualTo(1_073_741_824);
    }

    @Test
    void ownGroupIsFoundIfNoneHasALimit() {
        machine.file("proc/self/mountinfo", V1.replace("ROOT", "/") + V2.replace("fs/cgroup", "fs/cgroup/unified"))
                .file("proc/self/cgroup", "4:memory:/group\n0::/\n")
                .file("sys/fs/cgroup/memory/group/memory.limit_in_bytes", "9223372036854771712\n")
                .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        Cgroup.Group group = Cgroup.ofMemory(machine.machine()).orElseThrow();
        assertThat(group.version()).isEqualTo(1);
        assertThat(group.folder()).isEqualTo(machine.machine().root().resolve("sys/fs/cgroup/memory/group"));
        assertThat(group.limit()).isNull();
    }

    @Test
    void noGroupWithoutMemoryController() {
        machine.file("proc/self/mountinfo", V2).file("proc/self/cgroup", "0::/\n");

        assertThat(Cgroup.ofMemory(machine.machine())).isEmpty();
    }

    @Test
    void memoryLimitOfVersion1() {
        machine.file("proc/self/mountinfo", V1.replace("ROOT", "/"))
                .file("proc/self/cgroup", "4:memory:/group\n0::/\n")
                .file("sys/fs/cgroup/memory/group/memory.limit_in_bytes", "536870912\n")
                .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        assertThat(Cgroup.memoryLimitMiB(machine.machine())).hasValue(512L);
    }

    @Test
    void limitIsFoundIfOnlyAPartIsMounted() {
        machine.file("proc/self/mountinfo", V1.replace("ROOT", "/docker/abc"))
                .file("proc/self/cgroup", "4:memory:/docker/abc\n")
                .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");

        assertThat(Cgroup.memoryLimitMiB(machine.machine())).hasValue(512L);
    }

    @Test
    void noLimitIsAbsent() {
        machine.file("proc/self/mountinfo", V1.replace("ROOT", "/"))
                .file("proc/self/cgroup", "4:memory:/\n")
                .file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        assertThat(Cgroup.memoryLimitMiB(machine.machine())).isEmpty();
        assertThat(Numbers.parse("max\n")).isEmpty();
        assertThat(Numbers.parse("")).isEmpty();
    }

    @Test
    void groupOutsideTheMountIsIgnored() {
        machine.file("proc/self/mountinfo", V2)
                .file("proc/self/cgroup", "0::/../../other\n")
                .file("sys/fs/cgroup/memory.max", "1048576\n");

        assertThat(Cgroup.memoryLimitMiB(machine.machine())).hasValue(1L);
    }

    @Test
    void smallestQuotaOfAllGroupsAboveCounts() {
        machine.file("proc/self/mountinfo", V2)
                .file("proc/self/cgroup", "0::/slice/service\n")
                .file("sys/fs/cgroup/slice/cpu.max", "150000 100000\n")
                .file("sys/fs/cgroup/slice/service/cpu.max", "400000 100000\n");

        assertThat(Cgroup.cpuQuotaCores(machine.machine())).hasValue(1.5);
    }

    @Test
    void quotaOfVersion1() {
        machine.file("proc/self/mountinfo", V1.replace("ROOT", "/"))
                .file("proc/self/cgroup", "4:memory:/group\n3:cpu,cpuacct:/group\n")
                .file("sys/fs/cgroup/cpu,cpuacct/group/cpu.cfs_quota_us", "50000\n")
                .file("sys/fs/cgroup/cpu,cpuacct/group/cpu.cfs_period_us", "100000\n");

        assertThat(Cgroup.cpuQuotaCores(machine.machine())).hasValue(0.5);
    }

    @Test
    void noQuotaIsAbsent() {
        for (String none : List.of("max 100000", "-1\n100000\n", "", "50000", "50000 0", "0 100000", "a b")) {
            assertThat(Cgroup.cores(none)).as(none).isEmpty();
        }
        assertThat(Cgroup.cpuQuotaCores(machine.machine())).isEmpty();
    }

    @Test
    void versionIsThatOfTheMemoryController() {
        assertThat(Cgroup.version(machine.machine())).isEmpty();
        assertThat(Cgroup.version(machine.file("proc/self/mountinfo", V2).machine()))
                .hasValue(2);
        assertThat(Cgroup.version(machine.file("proc/self/mountinfo", V1 + V2).machine()))
                .as("both versions mounted, neither has a limit file")
                .hasValue(1);
        assertThat(Cgroup.version(
                        machine.file("sys/fs/cgroup/memory.max", "max\n").machine()))
                .as("both versions mounted, version 2 counts memory")
                .hasValue(2);
    }

    @Test
    void pathOfAHierarchyIsFound() {
        assertThat(Cgroup.path(List.of("12:cpu,memory:/a:b", "0::/c"), "memory"))
                .isEqualTo("/a:b");
        assertThat(Cgroup.path(List.of("12:cpu,memory:/a:b", "0::/c"), "")).isEqualTo("/c");
        assertThat(Cgroup.path(List.of("nonsense"), "")).isEmpty();
    }
}
