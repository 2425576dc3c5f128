package dev.headroom.environment;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Processor model and cores. */
public final class Cpu {
    /** Threads of one core, of any processor there is (POWER has 8): a topology with more is made up. */
    private static final int MOST_SIBLINGS = 8;

    /** CPUs; the most that Linux is built for on any processor. */
    private static final int MOST_CPUS = 8192;

    private static final String X86 = "x86-64";
    private static final String ARM = "ARM";

    /** An {@code emulation}. */
    static final String X86_ON_ARM = X86 + " on " + ARM;

    private static final Map<String, String> JAVAS_NAMES = Map.of("amd64", X86, "aarch64", ARM);
    private static final Map<String, String> KERNELS_NAMES = Map.of("x86_64", X86, "aarch64", ARM);

    private static final String ONLINE = "sys/devices/system/cpu/online";

    /**
     * What ggml's CPU backends for x86 are built with (ggml/src/ggml-cpu/CMakeLists.txt), as {@code /proc/cpuinfo} has
     * it.
     */
    private static final Map<String, String> X86_FEATURES = named(
            "sse4_2",
            "avx",
            "f16c",
            "fma",
            "avx2",
            "bmi2",
            "avx_vnni",
            "avx512f",
            "avx512cd",
            "avx512vl",
            "avx512dq",
            "avx512bw",
            "avx512vbmi",
            "avx512_vnni",
            "avx512_bf16",
            "amx_tile",
            "amx_int8",
            "amx_bf16");

    /** The same for ARM, with the names of compilers' {@code -march} behind. */
    private static final Map<String, String> ARM_FEATURES =
            named("asimd:neon", "asimdhp:fp16", "asimddp:dotprod", "i8mm", "bf16", "sve", "sve2", "sme");

    private static final Pattern RANGE = Pattern.compile("([0-9]{1,6})(?:-([0-9]{1,6}))?");
    private static final Pattern FIELD = Pattern.compile("([^:]*?)\\s*:\\s*(.*?)\\s*");

    private Cpu() {}

    /**
     * Threads to compute with where nobody chose: one for each physical core that this process may use, which is what
     * llama.cpp takes by default. On Apple silicon the performance cores. Where the cores are not known (Windows), one
     * for each processor that this JVM may use; never more than these, and at least 1.
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
        BitSet allowed = allowed(machine);
        return count(coreOfCpu(machine), allowed.isEmpty() ? cpu -> true : allowed::get);
    }

    private static BitSet allowed(Machine machine) {
        return machine.lines("proc/self/status").stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> cpus(line.substring(line.indexOf(':') + 1)))
                .findFirst()
                .orElse(new BitSet());
    }

    /**
     * The CPUs that a Linux process may use of those online, where affinity or its cpuset keeps it from some: a list
     * such as {@code 0-3,8}.
     */
    static Optional<String> cpuset(Machine machine) {
        BitSet online = cpus(machine.text(ONLINE));
        BitSet usable = allowed(machine);
        usable.and(online);
        return usable.isEmpty() || usable.equals(online) ? Optional.empty() : Optional.of(list(usable));
    }

    /** What the processor can do that llama.cpp has code for, in Linux's names on x86 and in compilers' on ARM. */
    static Optional<String> features(List<String> cpuinfo) {
        for (String line : cpuinfo) {
            Matcher field = FIELD.matcher(line);
            Map<String, String> known =
                    switch (field.matches() ? field.group(1) : "") {
                        case "flags" -> X86_FEATURES;
                        case "Features" -> ARM_FEATURES;
                        default -> Map.of();
                    };
            if (!known.isEmpty()) {
                Set<String> flags = new HashSet<>(List.of(field.group(2).split("\\s+")));
                return features(known, flags::contains);
            }
        }
        return Optional.empty();
    }

    /**
     * Names of features, in the order of a map.
     *
     * @param known what a system calls them, to their names here
     */
    static Optional<String> features(Map<String, String> known, Predicate<String> has) {
        String features = known.entrySet().stream()
                .filter(feature -> has.test(feature.getKey()))
                .map(Map.Entry::getValue)
                .distinct()
                .collect(Collectors.joining(" "));
        return features.isEmpty() ? Optional.empty() : Optional.of(features);
    }

    /** A list of names, each with another one behind a colon if it has one. */
    static Map<String, String> named(String... names) {
        Map<String, String> named = new LinkedHashMap<>();
        for (String name : names) {
            String[] both = name.split(":", 2);
            named.put(both[0], both[both.length - 1]);
        }
        return Collections.unmodifiableMap(named);
    }

    /** Nodes of memory that are online; empty where the kernel does not tell. */
    static OptionalInt numaNodes(Machine machine) {
        int nodes = cpus(machine.text("sys/devices/system/node/online")).cardinality();
        return nodes == 0 ? OptionalInt.empty() : OptionalInt.of(nodes);
    }

    /**
     * What translates a Linux process's instructions, as QEMU's user mode and Apple's Rosetta do: those of one kind of
     * processor on another one. The kernel tells its own since 6.1; before, {@code /proc/cpuinfo} does, which older
     * translators pass on as it is.
     */
    static Optional<String> emulation(Machine machine, List<String> cpuinfo) {
        Optional<String> kernels = machine.value("proc/sys/kernel/arch")
                .map(name -> KERNELS_NAMES.getOrDefault(name, name))
                .or(() -> cpuinfo.stream()
                        .map(line -> line.startsWith("flags") ? X86 : line.startsWith("Features") ? ARM : "")
                        .filter(processor -> !processor.isEmpty())
                        .findFirst());
        Optional<String> ours = machine.property("os.arch").map(JAVAS_NAMES::get);
        return ours.isEmpty() || kernels.isEmpty() || kernels.equals(ours)
                ? Optional.empty()
                : Optional.of(ours.get() + " on " + kernels.get());
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
        cpus(machine.text(ONLINE)).stream().forEach(cpu -> {
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

    /** The other way round. */
    private static String list(BitSet cpus) {
        List<String> ranges = new ArrayList<>();
        for (int first = cpus.nextSetBit(0); first >= 0; ) {
            int end = cpus.nextClearBit(first);
            ranges.add(end - first == 1 ? Integer.toString(first) : first + "-" + (end - 1));
            first = cpus.nextSetBit(end);
        }
        return String.join(",", ranges);
    }

    private static boolean isNumber(String text) {
        return text.matches("[0-9]{1,9}");
    }
}
