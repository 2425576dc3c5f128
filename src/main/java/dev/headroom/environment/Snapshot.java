package dev.headroom.environment;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Counters and settings of a machine at one moment. Two snapshots show what happened between them, without polling. A
 * value is null if the system does not provide it; outside Linux only the time is known.
 *
 * @param nanos the time of {@link System#nanoTime}
 * @param cpu CPU time since boot
 * @param processes the visible processes, by id
 * @param throttlings how often Intel processors were slowed down by heat
 * @param memoryStallSeconds time in which at least one process waited for memory (pressure stall information). It is
 *     the larger value of the machine and of this process's control group.
 * @param swappedPages pages written to and read from swap
 * @param memoryAvailablePercent available memory in percent of the machine's
 * @param clock settings that slow the CPUs down
 * @param onBattery whether the machine runs on battery
 */
public record Snapshot(
        long nanos,
        @Nullable CpuTime cpu,
        Map<Long, ProcessTime> processes,
        @Nullable Long throttlings,
        @Nullable Double memoryStallSeconds,
        @Nullable Long swappedPages,
        @Nullable Double memoryAvailablePercent,
        Clock clock,
        boolean onBattery) {
    private static final Pattern TOTAL = Pattern.compile("some .*total=([0-9]{1,18})");
    private static final Pattern CPU = Pattern.compile("cpu[0-9]{1,5}");
    private static final Pattern PROCESS = Pattern.compile("[0-9]{1,10}");

    /** Takes a snapshot of this machine. Needs some milliseconds. */
    public static Snapshot take() {
        return take(Machine.here());
    }

    static Snapshot take(Machine machine) {
        return new Snapshot(
                System.nanoTime(),
                CpuTime.parse(machine.lines("proc/stat"), machine.text("proc/self/stat"))
                        .orElse(null),
                processes(machine),
                throttlings(machine),
                memoryStallSeconds(machine).orElse(null),
                swappedPages(machine.lines("proc/vmstat")).orElse(null),
                memoryAvailablePercent(machine.lines("proc/meminfo")).orElse(null),
                Clock.of(machine),
                Battery.inUse(machine));
    }

    private static Map<Long, ProcessTime> processes(Machine machine) {
        Map<Long, ProcessTime> processes = new TreeMap<>();
        for (String name : machine.names("proc")) {
            if (PROCESS.matcher(name).matches()) {
                ProcessTime.parse(machine.text("proc/" + name + "/stat"))
                        .ifPresent(time -> processes.put(Long.parseLong(name), time));
            }
        }
        return processes;
    }

    /** The sum over all cores, plus the largest package counter, which each CPU of a package repeats. */
    private static @Nullable Long throttlings(Machine machine) {
        Long ofCores = null;
        long ofPackage = 0;
        for (String cpu : machine.names("sys/devices/system/cpu")) {
            if (CPU.matcher(cpu).matches()) {
                String folder = "sys/devices/system/cpu/" + cpu + "/thermal_throttle/";
                Long ofCore = machine.number(folder + "core_throttle_count");
                Long all = machine.number(folder + "package_throttle_count");
                if (ofCore != null) {
                    ofCores = (ofCores == null ? 0 : ofCores) + ofCore;
                }
                ofPackage = Math.max(ofPackage, all == null ? 0 : all);
            }
        }
        return ofCores == null ? null : ofCores + ofPackage;
    }

    private static Optional<Double> memoryStallSeconds(Machine machine) {
        Optional<Double> ofGroup = Cgroup.ofMemory(machine)
                .filter(group -> group.version() == 2)
                .flatMap(group -> stallSeconds(machine.lines(group.folder() + "/memory.pressure")));
        return Stream.of(stallSeconds(machine.lines("proc/pressure/memory")), ofGroup)
                .flatMap(Optional::stream)
                .max(Double::compare);
    }

    /** Parses the line {@code some} of a pressure file, whose total is in µs. */
    static Optional<Double> stallSeconds(List<String> pressure) {
        return pressure.stream()
                .map(TOTAL::matcher)
                .filter(Matcher::matches)
                .map(some -> Long.parseLong(some.group(1)) / 1e6)
                .findFirst();
    }

    /** The sum of {@code pswpin} and {@code pswpout} in {@code /proc/vmstat}. */
    static Optional<Long> swappedPages(List<String> vmstat) {
        return Numbers.field(vmstat, "pswpin")
                .flatMap(in -> Numbers.field(vmstat, "pswpout").map(out -> in + out));
    }

    /** {@code MemAvailable} in percent of {@code MemTotal}, from {@code /proc/meminfo}. */
    static Optional<Double> memoryAvailablePercent(List<String> meminfo) {
        long total = Linux.kibibytes(meminfo, "MemTotal").orElse(0L);
        return Linux.kibibytes(meminfo, "MemAvailable")
                .filter(available -> total > 0 && available <= total)
                .map(available -> 100.0 * available / total);
    }
}
