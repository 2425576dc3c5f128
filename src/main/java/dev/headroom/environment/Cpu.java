package dev.headroom.environment;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Processor model and cores. */
public final class Cpu {
    /** Threads of one core, of any processor there is (POWER has 8): a topology with more is made up. */
    private static final int MOST_SIBLINGS = 8;

    /** CPUs; the most that Linux is built for on any processor. */
    private static final int MOST_CPUS = 8192;

    private static final Pattern RANGE = Pattern.compile("([0-9]{1,6})(?:-([0-9]{1,6}))?");
    private static final Pattern FIELD = Pattern.compile("([^:]*?)\\s*:\\s*(.*?)\\s*");

    private Cpu() {}

    /**
     * Threads to compute with where nobody chose: one for each physical core that this process may use, which is what
     * llama.cpp takes by default. On Apple silicon the performance cores. Where the cores are not known (Windows), one for
     * each processor that this JVM may use; never more than these, and at least 1.
     */
    public static int defaultThreads() {
        return defaultThreads(Machine.here());
    }

    static int defaultThreads(Machine machine) {
        OptionalInt cores =
                switch (machine.os()) {
                    case LINUX -> usablePhysicalCores(machine);
                    case MACOS -> MacOs.performanceCores(machine);
                    case WINDOWS, OTHER -> OptionalInt.empty();
                };
        return Math.max(1, Math.min(cores.orElse(machine.processors()), machine.processors()));
    }

    /** Physical cores of a Linux machine. */
    static OptionalInt physicalCores(Machine machine) {
        return count(coreOfCpu(machine), cpu -> true);
    }

    private static OptionalInt usablePhysicalCores(Machine machine) {
        BitSet allowed = machine.lines("proc/self/status").stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> cpus(line.substring(line.indexOf(':') + 1)))
                .findFirst()
                .orElse(new BitSet());
        return count(coreOfCpu(machine), allowed.isEmpty() ? cpu -> true : allowed::get);
    }

    /** The name of the first processor; not on ARM, where Linux gives numbers only. */
    static Optional<String> model(List<String> cpuinfo) {
        return cpuinfo.stream()
                .map(FIELD::matcher)
                .filter(field -> field.matches() && "model name".equals(field.group(1)))
                .map(field -> field.group(2))
                .findFirst();
    }

    /** Processors that are online. */
    static OptionalInt logicalCores(List<String> cpuinfo) {
        long count = cpuinfo.stream()
                .map(FIELD::matcher)
                .filter(field -> field.matches() && "processor".equals(field.group(1)) && isNumber(field.group(2)))
                .count();
        return count == 0 ? OptionalInt.empty() : OptionalInt.of((int) count);
    }

    /** Distinct cores of the CPUs that count; empty where the topology does not say or cannot be true. */
    private static OptionalInt count(Map<Integer, String> coreOfCpu, IntPredicate counts) {
        List<String> cores = coreOfCpu.entrySet().stream()
                .filter(entry -> counts.test(entry.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        int distinct = (int) cores.stream().distinct().count();
        boolean credible = distinct > 0 && cores.size() <= distinct * MOST_SIBLINGS;
        return credible ? OptionalInt.of(distinct) : OptionalInt.empty();
    }

    /** Linux CPU number to a name of its core: the list of its siblings, or package and core number. */
    private static Map<Integer, String> coreOfCpu(Machine machine) {
        Map<Integer, String> cores = new HashMap<>();
        cpus(machine.text("sys/devices/system/cpu/online")).stream().forEach(cpu -> {
            String topology = "sys/devices/system/cpu/cpu" + cpu + "/topology/";
            machine.value(topology + "core_cpus_list")
                    .or(() -> machine.value(topology + "thread_siblings_list"))
                    .ifPresent(siblings -> cores.put(cpu, siblings));
        });
        return cores.isEmpty() ? coreOfCpu(machine.lines("proc/cpuinfo")) : cores;
    }

    /** The same from {@code /proc/cpuinfo}; empty if any processor there has no core number, as on ARM. */
    static Map<Integer, String> coreOfCpu(List<String> cpuinfo) {
        Map<Integer, String> cores = new HashMap<>();
        int processors = 0;
        int cpu = -1;
        String socket = "";
        for (String line : cpuinfo) {
            Matcher field = FIELD.matcher(line);
            if (!field.matches() || !isNumber(field.group(2))) {
                continue;
            }
            switch (field.group(1)) {
                case "processor" -> {
                    processors++;
                    cpu = Integer.parseInt(field.group(2));
                    socket = "";
                }
                case "physical id" -> socket = field.group(2);
                case "core id" -> cores.put(cpu, socket + ":" + field.group(2));
                default -> {}
            }
        }
        return cores.size() == processors ? cores : Map.of();
    }

    /** A list of CPUs as the kernel writes it, {@code 0-3,8}. Whatever is not one is left out. */
    static BitSet cpus(String list) {
        BitSet cpus = new BitSet();
        for (String part : list.strip().split(",", -1)) {
            Matcher range = RANGE.matcher(part.strip());
            if (range.matches()) {
                int first = Integer.parseInt(range.group(1));
                int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
                if (first <= last && last < MOST_CPUS) {
                    cpus.set(first, last + 1);
                }
            }
        }
        return cpus;
    }

    private static boolean isNumber(String text) {
        return text.matches("[0-9]{1,9}");
    }
}
