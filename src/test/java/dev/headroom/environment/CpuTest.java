package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuTest {
    private final Path root;

    CpuTest(@TempDir Path root) {
        this.root = root;
    }

    private FakeMachine machine() {
        return FakeMachine.linux(root, "6.8.0").desktopCpu("");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0-3,8     | {0, 1, 2, 3, 8}
            0         | {0}
            ''        | {}
            3-1       | {}
            0-99999999 | {}
            x,2,-,5-  | {2}
            """)
    void listOfCpusIsParsed(String list, String cpus) {
        assertThat(Cpu.cpus(list)).hasToString(cpus);
    }

    @Test
    void threadsOfOneCoreCountOnce() {
        assertThat(Cpu.physicalCores(machine().machine())).hasValue(4);
        assertThat(Cpu.defaultThreads(machine().machine())).isEqualTo(4);
    }

    @Test
    void coreNumbersRepeatOnEachSocket() {
        List<String> cpuinfo = Stream.of(0, 1, 2, 3)
                .flatMap(
                        cpu -> Stream.of("processor\t: " + cpu, "physical id\t: " + cpu / 2, "core id\t\t: " + cpu % 2))
                .toList();

        assertThat(Cpu.coreOfCpu(cpuinfo).values()).containsExactlyInAnyOrder("0:0", "0:1", "1:0", "1:1");
    }

    @Test
    void siblingListsArePreferredToCpuinfo() {
        FakeMachine machine = machine().file("sys/devices/system/cpu/online", "0-3\n");
        for (int cpu = 0; cpu < 4; cpu++) {
            machine.file(
                    "sys/devices/system/cpu/cpu" + cpu + "/topology/thread_siblings_list",
                    cpu / 2 * 2 + "-" + (cpu / 2 * 2 + 1) + "\n");
        }

        assertThat(Cpu.physicalCores(machine.machine())).hasValue(2);
    }

    @Test
    void onlyCpusAllowedByAffinityCount() {
        // CPUs 0 and 4 are the two threads of one core
        FakeMachine machine = machine()
                .file("proc/self/status", "Name:\tjava\nCpus_allowed_list:\t0,4\n")
                .processors(2);

        assertThat(Cpu.defaultThreads(machine.machine())).isEqualTo(1);
        assertThat(Cpu.physicalCores(machine.machine())).hasValue(4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            0-7  | 0,2-3,6 | 0,2-3,6
            0-7  | 0-7     |
            0-7  | 0-127   |
            0-3  | 2-9     | 2-3
            ''   | 0-1     |
            0-7  | ''      |
            """)
    void cpusetIsTheAllowedPartOfOnlineCpus(String online, String allowed, @Nullable String cpuset) {
        FakeMachine machine = machine()
                .file("sys/devices/system/cpu/online", online + "\n")
                .file("proc/self/status", "Cpus_allowed_list:\t" + allowed + "\n");

        assertThat(Cpu.cpuset(machine.machine()).orElse(null)).isEqualTo(cpuset);
    }

    @Test
    void featuresHaveTheNamesOfTheirArchitecture() {
        assertThat(Cpu.features(List.of("flags\t\t: fpu sme avx512_vnni avx2 amx_tile fpu avx")))
                .as("on x86 sme is memory encryption")
                .hasValue("avx avx2 avx512_vnni amx_tile");
        assertThat(Cpu.features(List.of("processor : 0", "Features : fp asimd asimddp sve sme i8mm avx")))
                .hasValue("neon dotprod i8mm sve sme");
        assertThat(Cpu.features(List.of("flags : fpu"))).isEmpty();
        assertThat(Cpu.features(List.of("flags :", "Features"))).isEmpty();
        assertThat(Cpu.features(List.of())).isEmpty();
    }

    @Test
    void onlineNumaNodesAreCounted() {
        String online = "sys/devices/system/node/online";
        assertThat(Cpu.numaNodes(machine().file(online, "0-1\n").machine())).hasValue(2);
        assertThat(Cpu.numaNodes(machine().file(online, "\n").machine())).isEmpty();
    }

    @Test
    void quotaLimitsDefaultThreads() {
        assertThat(Cpu.defaultThreads(machine().processors(3).machine())).isEqualTo(3);
    }

    @Test
    void everyProcessorCountsWithoutTopology() {
        String arm = "processor\t: 0\nCPU part\t: 0xd0b\n\nprocessor\t: 1\nCPU part\t: 0xd0b\n";

        assertThat(Cpu.physicalCores(machine().file("proc/cpuinfo", arm).machine()))
                .isEmpty();
        assertThat(Cpu.defaultThreads(
                        machine().file("proc/cpuinfo", arm).processors(2).machine()))
                .isEqualTo(2);
    }

    @Test
    void impossibleTopologyIsIgnored() {
        StringBuilder cpuinfo = new StringBuilder();
        for (int cpu = 0; cpu < 16; cpu++) {
            cpuinfo.append("processor : ").append(cpu).append("\nphysical id : 0\ncore id : 0\n");
        }

        assertThat(Cpu.physicalCores(
                        machine().file("proc/cpuinfo", cpuinfo.toString()).machine()))
                .isEmpty();
    }

    /** The records of a virtual machine with two cores, as Wine 8 returns them. */
    private static final String CAPTURED_UNDER_WINE =
            "00000000 30000000 00 00 0000000000000000000000000000000000000000 0100 0100000000000000 0000 000000000000"
                    + "00000000 30000000 00 00 0000000000000000000000000000000000000000 0100 0200000000000000 0000"
                    + "000000000000";

    /** A record in the form of winnt.h: a core's processors as bits, and their group. */
    private static String record(String mask, int group) {
        return "00000000 30000000 01 00 0000000000000000000000000000000000000000 0100 " + mask + " 0" + group
                + "00 000000000000";
    }

    private static List<WindowsKernel.Core> cores(String hex) {
        return WindowsKernel.cores(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    @Test
    void coresOfWindowsAreParsed() {
        assertThat(cores(CAPTURED_UNDER_WINE))
                .containsExactly(new WindowsKernel.Core(0, 1), new WindowsKernel.Core(0, 2));
        assertThat(cores(record("03000000000000c0", 1)))
                .as("the bits of processors 0, 1, 62 and 63")
                .containsExactly(new WindowsKernel.Core(1, 0xc000000000000003L));
        assertThat(cores("")).isEmpty();
        assertThat(cores(record("0300000000000000", 0) + "00000000 30000000"))
                .as("an incomplete record")
                .hasSize(1);
        assertThat(cores("03" + record("0300000000000000", 0).substring(2)))
                .as("a cache or package")
                .isEmpty();
    }

    /** Two groups of two cores with two processors each. */
    @ParameterizedTest
    @CsvSource({"0, 0, 4", "0, 15, 2", "0, 5, 2", "0, 3, 1", "1, 8, 1", "2, 15, 8"})
    void threadsOnWindowsAreThePhysicalCoresOfTheAffinity(int group, long affinity, int threads) {
        String firstGroup = record("0300000000000000", 0) + record("0c00000000000000", 0);
        String secondGroup = record("0300000000000000", 1) + record("0c00000000000000", 1);
        FakeMachine machine = FakeMachine.windows(root)
                .windowsKernel(new WindowsKernel(0, cores(firstGroup + secondGroup), group, affinity))
                .processors(8);

        assertThat(Cpu.defaultThreads(machine.machine())).isEqualTo(threads);
        assertThat(machine.detect().facts()).containsEntry("physicalCores", "4");
    }

    @Test
    void everyProcessorCountsIfWindowsReportsNoCores() {
        FakeMachine machine = FakeMachine.windows(root).processors(8);

        assertThat(Cpu.defaultThreads(machine.machine())).isEqualTo(8);
        assertThat(machine.detect().facts()).doesNotContainKey("physicalCores");
    }
}
