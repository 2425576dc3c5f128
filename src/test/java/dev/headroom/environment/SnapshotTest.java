package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotTest {
    /** The {@code /proc/stat} of a virtual machine with two CPUs. */
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

    /** The {@code /proc/self/stat} of a {@code cat}, with invented times. */
    private static final String SELF =
            """
            15785 (cat) R 15739 15739 6627 0 -1 4194304 100 0 0 0 150 50 2000 300 20 0 1 0 2973082 3133440 \
            383 18446744073709551615 94256250232832 94256250252713 140730628664736 0 0 0 0 0 0 0 0 0 17 0 0 0
            """;

    @TempDir
    Path root;

    @Test
    void countersOfAVirtualMachine() {
        Snapshot snapshot = Snapshot.take(FakeMachine.linux(root, "6.18.44")
                .file("proc/stat", STAT)
                .file("proc/self/stat", SELF)
                .file("proc/15785/stat", SELF)
                .file("proc/pressure/memory", pressure(195614469))
                .file("proc/vmstat", "nr_free_pages 3557625\npswpin 40\npswpout 2\npgmajfault 12316\n")
                .file("proc/meminfo", "MemTotal:       24683656 kB\nMemFree:  1 kB\nMemAvailable:    6170914 kB\n")
                .machine());

        CpuTime cpu = Objects.requireNonNull(snapshot.cpu());
        assertThat(cpu.cpus()).isEqualTo(2);
        assertThat(cpu.busySeconds()).isCloseTo(31998.01 + 154 + 2631.48 + 36.92, within(1e-6));
        assertThat(cpu.stolenSeconds()).isEqualTo(103.35);
        assertThat(cpu.ownSeconds()).as("includes children that have ended").isEqualTo(25);
        assertThat(snapshot.processes()).containsOnly(entry(15785L, new ProcessTime("cat", 2973082, 2)));
        assertThat(snapshot.memoryStallSeconds()).isEqualTo(195.614469);
        assertThat(snapshot.swappedPages()).isEqualTo(42);
        assertThat(snapshot.memoryAvailablePercent()).isCloseTo(25, within(0.001));
        assertThat(snapshot.throttlings()).isNull();
        assertThat(snapshot.clock()).isEqualTo(new Clock(null, null));
        assertThat(snapshot.onBattery()).isFalse();
    }

    @Test
    void missingCountersAreNull() {
        for (FakeMachine machine :
                List.of(FakeMachine.windows(root), FakeMachine.other(root, "Mac OS X", "14.5", "aarch64"))) {
            Snapshot snapshot = Snapshot.take(machine.machine());

            assertThat(snapshot.cpu()).isNull();
            assertThat(snapshot.processes()).isEmpty();
            assertThat(snapshot.throttlings()).isNull();
            assertThat(snapshot.memoryStallSeconds()).isNull();
            assertThat(snapshot.swappedPages()).isNull();
            assertThat(snapshot.memoryAvailablePercent()).isNull();
            assertThat(snapshot.clock()).isEqualTo(new Clock(null, null));
            assertThat(snapshot.onBattery()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cpu",
                "cpu  \n",
                "cpu  1 2 3 4 5 6 7", // a kernel before 2.6.11
                "cpu  -1 0 0 0 0 0 0 0 0 0",
                "cpu  99999999999999999999 0 0 0 0 0 0 0 0 0",
                "cpu  a b c d e f g h"
            })
    void malformedTimesAreAbsent(String first) {
        assertThat(CpuTime.parse(List.of(first, "cpu0 1 1 1 1 1 1 1 1 0 0"), SELF))
                .isEmpty();
    }

    @Test
    void timesNeedAllTheirParts() {
        List<String> stat = STAT.lines().toList();
        assertThat(CpuTime.parse(stat, SELF)).isPresent();
        assertThat(CpuTime.parse(stat.subList(0, 1), SELF)).as("no CPU").isEmpty();
        assertThat(CpuTime.parse(stat, "")).isEmpty();
        assertThat(CpuTime.parse(stat, SELF.substring(0, 60))).as("cut off").isEmpty();
    }

    @Test
    void processNameMayContainAnything() {
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
    void busiestCommandsComeFirst() {
        Map<Long, ProcessTime> before = Map.of(
                1L, new ProcessTime("java", 10, 5),
                2L, new ProcessTime("old", 20, 100),
                3L, new ProcessTime("headroom", 30, 1));
        Map<Long, ProcessTime> after = Map.of(
                1L, new ProcessTime("java", 10, 6),
                2L, new ProcessTime("cc1", 900, 4), // reuses the id of a process that has ended
                3L, new ProcessTime("headroom", 30, 50),
                4L, new ProcessTime("cc1", 910, 3));

        Map<String, Double> seconds = ProcessTime.secondsByName(before, after, 3);

        assertThat(seconds).containsExactly(entry("cc1", 7.0), entry("java", 1.0));
    }

    @Test
    void coreThrottlingsAddUpAndPackageThrottlingCountsOnce() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0").file("sys/devices/system/cpu/cpufreq/boost", "1\n");
        for (int cpu = 0; cpu < 4; cpu++) {
            String folder = "sys/devices/system/cpu/cpu" + cpu + "/thermal_throttle/";
            machine.file(folder + "core_throttle_count", cpu + "\n").file(folder + "package_throttle_count", "100\n");
        }

        assertThat(Snapshot.take(machine.machine()).throttlings()).isEqualTo(106);
    }

    @Test
    void largerPressureOfMachineAndControlGroupCounts() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0")
                .file("proc/self/cgroup", "0::/\n")
                .file("proc/self/mountinfo", "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
                .file("sys/fs/cgroup/memory.max", "4294967296\n")
                .file("sys/fs/cgroup/memory.pressure", pressure(7_500_000))
                .file("proc/pressure/memory", pressure(2_000_000));
        assertThat(Snapshot.take(machine.machine()).memoryStallSeconds()).isEqualTo(7.5);

        machine.file("proc/pressure/memory", pressure(9_000_000));
        assertThat(Snapshot.take(machine.machine()).memoryStallSeconds()).isEqualTo(9);
    }

    private static String pressure(long some) {
        return "some avg10=0.00 avg60=0.63 avg300=1.11 total=" + some
                + "\nfull avg10=0.00 avg60=0.28 avg300=0.39 total=1\n";
    }

    @Test
    void malformedCountersAreAbsent() {
        assertThat(Snapshot.stallSeconds(List.of("some total=", "some avg10=0 total=-1", "full total=7")))
                .isEmpty();
        assertThat(Snapshot.swappedPages(List.of("pswpin 12")))
                .as("only one counter")
                .isEmpty();
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
    void powerSavingDependsOnDriverAndGovernor(String driver, String governor, String preference, String saving) {
        assertThat(Clock.saving(driver + "\n", governor + "\n", preference + "\n"))
                .isEqualTo(Optional.ofNullable(saving));
    }

    @ParameterizedTest
    @CsvSource({
        "800000, 2000000, 4200000, 2000",
        "800000, 4200000, 4200000, ",
        "400000, 4150000, 4200000, ", // within rounding
        "2000000, 2000000, 4200000, ", // pinned
        "'', 2000000, 4200000, 2000",
        "800000, '', 4200000, ",
        "800000, -5, 4200000, ",
        "800000, 2000000, nonsense, "
    })
    void capIsBelowTheHardwareMaximum(String minimum, String maximum, String hardware, Long mhz) {
        assertThat(Clock.cap(minimum, maximum, hardware).map(Clock.Cap::mhz)).isEqualTo(Optional.ofNullable(mhz));
    }

    @Test
    void lowestCapOfAllCoreKindsCounts() {
        FakeMachine machine =
                policy(policy(FakeMachine.linux(root, "6.8.0"), 0, 3000000, 5200000), 8, 2500000, 4000000);
        assertThat(Clock.of(machine.machine()).cap()).isEqualTo(new Clock.Cap(2500, 4000));

        machine.file("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
        assertThat(Clock.of(machine.machine()).cap())
                .as("turbo is off on purpose")
                .isNull();
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
        "Discharging, 1, false", // the dock delivers less than the machine uses
        "Charging, 1, false",
        "Full, 1, false",
        "Not charging, 1, false",
        "Unknown, 0, false",
        "'', '', false"
    })
    void batteryIsInUseOnlyWhileItAloneDelivers(String status, String online, boolean onBattery) {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0");
        supply(machine, "ADP1", "Mains", "online", online);
        supply(machine, "BAT0", "Battery", "status", status);

        assertThat(Battery.inUse(machine.machine())).isEqualTo(onBattery);
    }

    @Test
    void keyboardBatteryIsIgnoredAndUsbSupplyCounts() {
        FakeMachine machine = FakeMachine.linux(root, "6.8.0");
        supply(machine, "hidpp_battery_0", "Battery", "status", "Discharging");
        machine.file("sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
        assertThat(Battery.inUse(machine.machine())).isFalse();

        supply(machine, "BAT0", "Battery", "status", "Discharging");
        assertThat(Battery.inUse(machine.machine())).isTrue();

        supply(machine, "ucsi-source-psy-USBC000:001", "USB", "online", "1");
        assertThat(Battery.inUse(machine.machine())).isFalse();
    }

    private static void supply(FakeMachine machine, String name, String type, String file, String value) {
        String folder = "sys/class/power_supply/" + name.replace(':', '_') + "/";
        Stream.of("type", file)
                .forEach(what -> machine.file(folder + what, (what.equals("type") ? type : value) + "\n"));
    }
}
