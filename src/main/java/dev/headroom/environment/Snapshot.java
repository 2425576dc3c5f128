package dev.headroom.environment;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a machine has done since it was booted, and how it is set, at one moment. Two of them tell what went on in
 * between: nothing has to be polled meanwhile. All of it is Linux's; elsewhere everything but the time is empty.
 *
 * @param nanos of {@link System#nanoTime}
 * @param cpu where the CPUs' time went
 * @param processes those that can be seen, by number
 * @param throttlings how often processors were slowed down by heat: Intel's
 * @param memoryStallSeconds for how long at least one process waited for memory (pressure stall information): of the
 *     machine, or of this process's control group if that is longer
 * @param swappedPages pages that went to and came from swap
 * @param memoryAvailablePercent of the machine's memory
 * @param clock how the CPUs' clocks are governed
 * @param onBattery whether a battery is all that feeds the machine
 */
public record Snapshot(
        long nanos,
        Optional<CpuTime> cpu,
        Map<Long, ProcessTime> processes,
        OptionalLong throttlings,
        OptionalDouble memoryStallSeconds,
        OptionalLong swappedPages,
        OptionalDouble memoryAvailablePercent,
        Clock clock,
        boolean onBattery) {
    private static final Pattern TOTAL = Pattern.compile("some .*total=([0-9]{1,18})");
    private static final Pattern KIB = Pattern.compile("(\\w+):\\s*([0-9]{1,15}) kB\\s*");
    private static final Pattern CPU = Pattern.compile("cpu[0-9]{1,5}");
    private static final Pattern PROCESS = Pattern.compile("[0-9]{1,10}");

    /** Of the machine this runs on, now. Takes some milliseconds. */
    public static Snapshot take() {
        return take(Machine.here());
    }

    static Snapshot take(Machine machine) {
        return new Snapshot(
                System.nanoTime(),
                CpuTime.parse(machine.lines("proc/stat"), machine.text("proc/self/stat")),
                processes(machine),
                throttlings(machine),
                memoryStallSeconds(machine),
                swappedPages(machine.lines("proc/vmstat")),
                memoryAvailablePercent(machine.lines("proc/meminfo")),
                Clock.of(machine),
                Battery.feeds(machine));
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

    /** Of the cores' counters the sum, of the packages', which each of their CPUs repeats, the largest. */
    private static OptionalLong throttlings(Machine machine) {
        OptionalLong throttlings = OptionalLong.empty();
        long ofPackage = 0;
        for (String cpu : machine.names("sys/devices/system/cpu")) {
            if (CPU.matcher(cpu).matches()) {
                String folder = "sys/devices/system/cpu/" + cpu + "/thermal_throttle/";
                OptionalLong core = number(machine.text(folder + "core_throttle_count"));
                OptionalLong all = number(machine.text(folder + "package_throttle_count"));
                if (core.isPresent()) {
                    throttlings = OptionalLong.of(throttlings.orElse(0) + core.getAsLong());
                }
                ofPackage = Math.max(ofPackage, all.orElse(0));
            }
        }
        return throttlings.isPresent() ? OptionalLong.of(throttlings.getAsLong() + ofPackage) : throttlings;
    }

    private static OptionalDouble memoryStallSeconds(Machine machine) {
        OptionalDouble ofMachine = stallSeconds(machine.lines("proc/pressure/memory"));
        OptionalDouble ofGroup = Cgroup.ofMemory(machine)
                .filter(group -> group.version() == 2)
                .map(group -> stallSeconds(machine.lines(group.folder() + "/memory.pressure")))
                .orElse(OptionalDouble.empty());
        return ofMachine.isPresent() && ofGroup.isPresent()
                ? OptionalDouble.of(Math.max(ofMachine.getAsDouble(), ofGroup.getAsDouble()))
                : ofMachine.isPresent() ? ofMachine : ofGroup;
    }

    /** The line {@code some} of a file of pressure, whose total is in µs. */
    static OptionalDouble stallSeconds(List<String> pressure) {
        for (String line : pressure) {
            Matcher matcher = TOTAL.matcher(line);
            if (matcher.matches()) {
                return OptionalDouble.of(Long.parseLong(matcher.group(1)) / 1e6);
            }
        }
        return OptionalDouble.empty();
    }

    /** {@code pswpin} and {@code pswpout} of {@code /proc/vmstat}. */
    static OptionalLong swappedPages(List<String> vmstat) {
        OptionalLong in = field(vmstat, "pswpin");
        OptionalLong out = field(vmstat, "pswpout");
        return in.isPresent() && out.isPresent()
                ? OptionalLong.of(in.getAsLong() + out.getAsLong())
                : OptionalLong.empty();
    }

    /** {@code MemAvailable} of {@code MemTotal} in {@code /proc/meminfo}. */
    static OptionalDouble memoryAvailablePercent(List<String> meminfo) {
        long total = 0;
        long available = -1;
        for (String line : meminfo) {
            Matcher matcher = KIB.matcher(line);
            if (matcher.matches() && matcher.group(1).equals("MemTotal")) {
                total = Long.parseLong(matcher.group(2));
            } else if (matcher.matches() && matcher.group(1).equals("MemAvailable")) {
                available = Long.parseLong(matcher.group(2));
            }
        }
        return total > 0 && available >= 0 && available <= total
                ? OptionalDouble.of(100.0 * available / total)
                : OptionalDouble.empty();
    }

    /**
     * The number behind a name and a blank: {@code /proc/vmstat} and the files of control groups have lines of the
     * kind.
     */
    static OptionalLong field(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .map(line -> number(line.substring(name.length())))
                .orElse(OptionalLong.empty());
    }

    static OptionalLong number(String text) {
        String digits = text.strip();
        return digits.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }
}
