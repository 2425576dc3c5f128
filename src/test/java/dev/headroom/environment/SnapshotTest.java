package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotTest {
    /** Of a virtual machine with two CPUs. */
    private static final String STAT =
            """
            cpu  3199801 15400 263148 1729413 21965 0 3692 10335 0 0
            cpu0 1567677 8058 122345 913945 2696 0 1683 5236 0 0
            cpu1 1632124 7341 140803 815467 19268 0 2008 5098 0 0
            intr 17767328 0 0 0 0 0 0 0
            ctxt 24776404
            btime 1795615246
            processes 142299
            procs_running 5
            procs_blocked 0
            softirq 4710790 0 786232 9 132818 395721 0 7 2183065 0 1212938
            """;

    /** Of a {@code cat}, its times made up. */
    private static final String SELF =
            "15785 (cat) R 15739 15739 6627 0 -1 4194304 100 0 0 0 150 50 2000 300 20 0 1 0 2973082 3133440 383"
                    + " 18446744073709551615 94256250232832 94256250252713 140730628664736 0 0 0 0 0 0 0 0 0 17 0 0 0\n";

    @TempDir
    Path root;

    @Test
    void whatAVirtualMachineHasDone() {
        Snapshot snapshot = Snapshot.take(FakeMachine.linux(root, "6.18.44")
                .file("proc/stat", STAT)
                .file("proc/self/stat", SELF)
                .file("proc/15785/stat", SELF)
                .file("proc/pressure/memory", pressure(195614469))
                .file("proc/vmstat", "nr_free_pages 3557625\npswpin 40\npswpout 2\npgmajfault 12316\n")
                .file("proc/meminfo", "MemTotal:       24683656 kB\nMemFree:  1 kB\nMemAvailable:    6170914 kB\n")
                .machine());

        CpuTime cpu = snapshot.cpu().orElseThrow();
        assertThat(cpu.cpus()).isEqualTo(2);
        assertThat(cpu.busySeconds()).isCloseTo(31998.01 + 154 + 2631.48 + 36.92, within(1e-6));
        assertThat(cpu.stolenSeconds()).isEqualTo(103.35);
        assertThat(cpu.ownSeconds()).as("children that have ended included").isEqualTo(25);
        assertThat(snapshot.processes()).containsOnly(entry(15785L, new ProcessTime("cat", 2973082, 2)));
        assertThat(snapshot.memoryStallSeconds()).hasValue(195.614469);
        assertThat(snapshot.swappedPages()).hasValue(42);
        assertThat(snapshot.memoryAvailablePercent().orElseThrow()).isCloseTo(25, within(0.001));
        assertThat(snapshot.throttlings()).isEmpty();
        assertThat(snapshot.clock()).isEqualTo(new Clock(Optional.empty(), Optional.empty()));
        assertThat(snapshot.onBattery()).isFalse();
    }

    @Test
    void whereNothingIsToldNothingIsThere() {
        for (FakeMachine machine :
                List.of(FakeMachine.windows(root), FakeMachine.other(root, "Mac OS X", "14.5", "aarch64"))) {
            Snapshot snapshot = Snapshot.take(machine.machine());

            assertThat(snapshot.cpu()).isEmpty();
            assertThat(snapshot.processes()).isEmpty();
            assertThat(snapshot.throttlings()).isEmpty();
            assertThat(snapshot.memoryStallSeconds()).isEmpty();
            assertThat(snapshot.swappedPages()).isEmpty();
            assertThat(snapshot.memoryAvailablePercent()).isEmpty();
            assertThat(snapshot.clock()).isEqualTo(new Clock(Optional.empty(), Optional.empty()));
            assertThat(snapshot.onBattery()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cpu",
                "cpu  \n",
                "cpu  1 2 3 4 5 6 7", // a kernel of before 2.6.11
                "cpu  -1 0 0 0 0 0 0 0 0 0",
                "cpu  99999999999999999999 0 0 0 0 0 0 0 0 0",
                "cpu  a b c d e f g h"
            })
    void whatIsNoTableOfTimesIsNone(String first) {
        assertThat(CpuTime.parse(List.of(first, "cpu0 1 1 1 1 1 1 1 1 0 0"), SELF))
                .isEmpty();
    }

    @Test
    void theParserOfTimesNeedsAllOfIt() {
        List<String> stat = STAT.lines().toList();
        assertThat(CpuTime.parse(stat, SELF)).isPresent();
        assertThat(CpuTime.parse(stat.subList(0, 1), SELF)).as("no CPU").isEmpty();
        assertThat(CpuTime.parse(stat, "")).isEmpty();
        assertThat(CpuTime.parse(stat, SELF.substring(0, 60))).as("cut off").isEmpty();
    }

    @Test
    void aCommandMayCallItselfAnything() {
        String rest = " R 1 1 1 0 -1 0 0 0 0 0 100 0 0 0 20 0 1 0 77 0 0\n";
        assertThat(ProcessTime.parse("5 (a) R 9 (b\n\u001b[2J)" + rest))
                .contains(new ProcessTime("a) R 9 (b??[2J", 77, 1));
        assertThat(ProcessTime.parse("5 (\u202Eevil\u0000 é)" + rest)).contains(new ProcessTime("?evil? é", 77, 1));
        assertThat(ProcessTime.parse("5 ()" + rest)).contains(new ProcessTime("", 77, 1));
        for (String hostile : List.of("", ")", "(", ")(" + rest, "5 (x)", "5 (x) R 1", rest)) {
            assertThat(ProcessTime.parse(hostile)).as(hostile).isEmpty();
        }
    }

    @Test
    void theBusiestCommandsComeFirst() {
        Map<Long, ProcessTime> before = Map.of(
                1L, new ProcessTime("java", 10, 5),
                2L, new ProcessTime("old", 20, 100),
                3L, new ProcessTime("headroom", 30, 1));
        Map<Long, ProcessTime> after = Map.of(
                1L, new ProcessTime("java", 10, 6),
                2L, new ProcessTime("cc1", 900, 4), // another process that got the number of one that has ended
                3L, new ProcessTime("headroom", 30, 50),
                4L, new ProcessTime("cc1", 910, 3));

        Map<String, Double> seconds = ProcessTime.secondsByName(before, after, 3);

        assertThat(seconds).containsExactly(entry("cc1", 7.0), entry("java", 1.0));
    }

    @Test
    void throttlingOfCoresAddsUpAndThatOfThePackageIsOne() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0").file("sys/devices/system/cpu/cpufreq/boost", "1\n");
        for (int cpu = 0; cpu < 4; cpu++) {
            String folder = "sys/devices/system/cpu/cpu" + cpu + "/thermal_throttle/";
            machine.file(folder + "core_throttle_count", cpu + "\n").file(folder + "package_throttle_count", "100\n");
        }

        assertThat(Snapshot.take(machine.machine()).throttlings()).hasValue(106);
    }

    @Test
    void pressureIsThatOfTheControlGroupWhereItIsMore() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0")
                .file("proc/self/cgroup", "0::/\n")
                .file("proc/self/mountinfo", "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
                .file("sys/fs/cgroup/memory.max", "4294967296\n")
                .file("sys/fs/cgroup/memory.pressure", pressure(7_500_000))
                .file("proc/pressure/memory", pressure(2_000_000));
        assertThat(Snapshot.take(machine.machine()).memoryStallSeconds()).hasValue(7.5);

        machine.file("proc/pressure/memory", pressure(9_000_000));
        assertThat(Snapshot.take(machine.machine()).memoryStallSeconds()).hasValue(9);
    }

    private static String pressure(long some) {
        return "some avg10=0.00 avg60=0.63 avg300=1.11 total=" + some
                + "\nfull avg10=0.00 avg60=0.28 avg300=0.39 total=1\n";
    }

    @Test
    void hostileCountersAreNone() {
        assertThat(Snapshot.stallSeconds(List.of("some total=", "some avg10=0 total=-1", "full total=7")))
                .isEmpty();
        assertThat(Snapshot.swappedPages(List.of("pswpin 12"))).as("one alone").isEmpty();
        assertThat(Snapshot.swappedPages(List.of("pswpin -1", "pswpout x", ""))).isEmpty();
        assertThat(Snapshot.memoryAvailablePercent(List.of("MemTotal: 0 kB", "MemAvailable: 0 kB")))
                .isEmpty();
        assertThat(Snapshot.memoryAvailablePercent(List.of("MemTotal: 10 kB", "MemAvailable: 11 kB")))
                .isEmpty();
        assertThat(Snapshot.memoryAvailablePercent(List.of("MemTotal: 10 kB"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "acpi-cpufreq, powersave, '', governor powersave",
        "acpi-cpufreq, schedutil, '', ",
        "intel_cpufreq, powersave, balance_performance, governor powersave",
        "intel_pstate, powersave, balance_performance, ",
        "intel_pstate, powersave, power, energy_performance_preference power",
        "intel_pstate, performance, performance, ",
        "amd-pstate-epp, powersave, balance_performance, ",
        "amd_pstate_epp, powersave, balance_performance, ",
        "amd-pstate, powersave, '', governor powersave",
        "cppc_cpufreq, ondemand, '', ",
        "'', '', '', "
    })
    void aGovernorThatSavesPower(String driver, String governor, String preference, String saving) {
        assertThat(Clock.saving(driver + "\n", governor + "\n", preference + "\n"))
                .isEqualTo(Optional.ofNullable(saving));
    }

    @ParameterizedTest
    @CsvSource({
        "800000, 2000000, 4200000, 2000",
        "800000, 4200000, 4200000, ",
        "400000, 4150000, 4200000, ", // a step of rounding
        "2000000, 2000000, 4200000, ", // pinned
        "'', 2000000, 4200000, 2000",
        "800000, '', 4200000, ",
        "800000, -5, 4200000, ",
        "800000, 2000000, nonsense, "
    })
    void aCap(String minimum, String maximum, String hardware, Long mhz) {
        assertThat(Clock.cap(minimum, maximum, hardware).map(Clock.Cap::mhz)).isEqualTo(Optional.ofNullable(mhz));
    }

    @Test
    void ofSeveralKindsOfCoresTheLowestCapCounts() {
        FakeMachine machine =
                policy(policy(FakeMachine.linux(root, "6.8.0"), 0, 3000000, 5200000), 8, 2500000, 4000000);
        assertThat(Clock.of(machine.machine()).cap()).contains(new Clock.Cap(2500, 4000));

        machine.file("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
        assertThat(Clock.of(machine.machine()).cap())
                .as("turbo is off on purpose")
                .isEmpty();
    }

    private static FakeMachine policy(FakeMachine machine, int policy, int most, int could) {
        String folder = "sys/devices/system/cpu/cpufreq/policy" + policy + "/";
        return machine.file(folder + "scaling_driver", "intel_pstate\n")
                .file(folder + "scaling_governor", "powersave\n")
                .file(folder + "energy_performance_preference", "balance_performance\n")
                .file(folder + "scaling_min_freq", "800000\n")
                .file(folder + "scaling_max_freq", most + "\n")
                .file(folder + "cpuinfo_max_freq", could + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "Discharging, 0, true",
        "Discharging, 1, false", // a dock that delivers less than is used
        "Charging, 1, false",
        "Full, 1, false",
        "Not charging, 1, false",
        "Unknown, 0, false",
        "'', '', false"
    })
    void aLaptopOnItsBattery(String status, String online, boolean onBattery) {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0");
        supply(machine, "ADP1", "Mains", "online", online);
        supply(machine, "BAT0", "Battery", "status", status);

        assertThat(Battery.feeds(machine.machine())).isEqualTo(onBattery);
    }

    @Test
    void whatAKeyboardRunsOnDoesNotMatterAndWhatChargesByUsbDoes() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0");
        supply(machine, "hidpp_battery_0", "Battery", "status", "Discharging");
        machine.file("sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
        assertThat(Battery.feeds(machine.machine())).isFalse();

        supply(machine, "BAT0", "Battery", "status", "Discharging");
        assertThat(Battery.feeds(machine.machine())).isTrue();

        supply(machine, "ucsi-source-psy-USBC000:001", "USB", "online", "1");
        assertThat(Battery.feeds(machine.machine())).isFalse();
    }

    private static void supply(FakeMachine machine, String name, String type, String file, String value) {
        String folder = "sys/class/power_supply/" + name.replace(':', '_') + "/";
        Stream.of("type", file)
                .forEach(what -> machine.file(folder + what, (what.equals("type") ? type : value) + "\n"));
    }
}
