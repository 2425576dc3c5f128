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
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Model, features and cores of the processor. */
public final class Cpu {
    /** The most threads that a core of any processor has (POWER has 8). A topology with more is wrong. */
    private static final int MAX_SIBLINGS = 8;

    /** The most CPUs for which Linux is built on any architecture. */
    private static final int MAX_CPUS = 8192;

    private static final String X86 = "x86-64";
    private static final String ARM = "ARM";

    /** A value of the fact {@code emulation}. */
    static final String X86_ON_ARM = X86 + " on " + ARM;

    private static final Map<String, String> JAVA_NAMES = Map.of("amd64", X86, "aarch64", ARM);
    private static final Map<String, String> KERNEL_NAMES = Map.of("x86_64", X86, "aarch64", ARM);

    private static final String ONLINE = "sys/devices/system/cpu/online";

    /**
     * The features with which ggml's CPU backends for x86 are built (ggml/src/ggml-cpu/CMakeLists.txt), under their
     * names in {@code /proc/cpuinfo}.
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

    /** The same for ARM. Behind the colon stands the name in compilers' {@code -march}. */
    private static final Map<String, String> ARM_FEATURES =
            named("asimd:neon", "asimdhp:fp16", "asimddp:dotprod", "i8mm", "bf16", "sve", "sve2", "sme");

    private static final Pattern RANGE = Pattern.compile("([0-9]{1,6})(?:-([0-9]{1,6}))?");
    private static final Pattern FIELD = Pattern.compile("([^:]*?)\\s*:\\s*(.*?)\\s*");

    private Cpu() {}

    /**
     * The default number of compute threads: one for each physical core that this process may use, as in llama.cpp. On
     * Apple silicon only performance cores count. If the cores are unknown, it is the number of processors that this
     * JVM may use, which is also the maximum. At least 1.
     */
    public static int defaultThreads() {
        return defaultThreads(Machine.here());
    }

    static int defaultThreads(Machine machine) {
        Optional<Integer> cores =
                switch (machine.os()) {
                    case LINUX -> usablePhysicalCores(machine);
                    case MACOS -> MacOs.performanceCores(machine);
                    case WINDOWS -> machine.windowsKernel().get().usablePhysicalCores();
                    case OTHER -> Optional.empty();
                };
        return Math.max(1, Math.min(cores.orElse(machine.processors()), machine.processors()));
    }

    /** The number of physical cores of a Linux machine. */
    static Optional<Integer> physicalCores(Machine machine) {
        return count(coreOfCpu(machine), cpu -> true);
    }

    private static Optional<Integer> usablePhysicalCores(Machine machine) {
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
     * The online CPUs that a Linux process may use, as a list such as {@code 0-3,8}. Empty if affinity and cpuset allow
     * all of them.
     */
    static Optional<String> cpuset(Machine machine) {
        BitSet online = cpus(machine.text(ONLINE));
        BitSet usable = allowed(machine);
        usable.and(online);
        return usable.isEmpty() || usable.equals(online) ? Optional.empty() : Optional.of(list(usable));
    }

    /** The features for which llama.cpp has code, under Linux's names on x86 and compilers' names on ARM. */
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
     * Joins the names of the features that the processor has.
     *
     * @param known the system's names, mapped to the names in the result; their order is kept
     */
    static Optional<String> features(Map<String, String> known, Predicate<String> has) {
        String features = known.entrySet().stream()
                .filter(feature -> has.test(feature.getKey()))
                .map(Map.Entry::getValue)
                .distinct()
                .collect(Collectors.joining(" "));
        return features.isEmpty() ? Optional.empty() : Optional.of(features);
    }

    /** Maps each name to the name behind its colon, or to itself if it has no colon. The order is kept. */
    static Map<String, String> named(String... names) {
        Map<String, String> named = new LinkedHashMap<>();
        for (String name : names) {
            String[] both = name.split(":", 2);
            named.put(both[0], both[both.length - 1]);
        }
        return Collections.unmodifiableMap(named);
    }

    /** The number of online NUMA nodes. Empty if the kernel does not list them. */
    static Optional<Integer> numaNodes(Machine machine) {
        int nodes = cpus(machine.text("sys/devices/system/node/online")).cardinality();
        return nodes == 0 ? Optional.empty() : Optional.of(nodes);
    }

    /**
     * Detects instruction translation of a Linux process, as by QEMU's user mode or Apple's Rosetta. Linux 6.1 and
     * later name the kernel's architecture. Before, {@code /proc/cpuinfo} shows it, since older translators do not
     * change it.
     */
    static Optional<String> emulation(Machine machine, List<String> cpuinfo) {
        Optional<String> kernels = machine.value("proc/sys/kernel/arch")
                .map(name -> KERNEL_NAMES.getOrDefault(name, name))
                .or(() -> cpuinfo.stream()
                        .map(line -> line.startsWith("flags") ? X86 : line.startsWith("Features") ? ARM : "")
                        .filter(processor -> !processor.isEmpty())
                        .findFirst());
        Optional<String> ours = machine.property("os.arch").map(JAVA_NAMES::get);
        return ours.isEmpty() || kernels.isEmpty() || kernels.equals(ours)
                ? Optional.empty()
                : Optional.of(ours.get() + " on " + kernels.get());
    }

    /** The name of the first processor. Empty on ARM, where Linux lists numbers only. */
    static Optional<String> model(List<String> cpuinfo) {
        return cpuinfo.stream()
                .map(FIELD::matcher)
                .filter(field -> field.matches() && "model name".equals(field.group(1)))
                .map(field -> field.group(2))
                .findFirst();
    }

    /** The number of online processors. */
    static Optional<Integer> logicalCores(List<String> cpuinfo) {
        long count = cpuinfo.stream()
                .map(FIELD::matcher)
                .filter(field -> field.matches() && "processor".equals(field.group(1)) && isNumber(field.group(2)))
                .count();
        return count == 0 ? Optional.empty() : Optional.of((int) count);
    }

    /** Counts the distinct cores of the selected CPUs. Empty if the topology is unknown or impossible. */
    private static Optional<Integer> count(Map<Integer, String> coreOfCpu, IntPredicate counts) {
        List<String> cores = coreOfCpu.entrySet().stream()
                .filter(entry -> counts.test(entry.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        int distinct = (int) cores.stream().distinct().count();
        boolean credible = distinct > 0 && cores.size() <= distinct * MAX_SIBLINGS;
        return credible ? Optional.of(distinct) : Optional.empty();
    }

    /** Maps each Linux CPU number to a key of its core: its list of siblings, or its package and core numbers. */
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

    /** The same from {@code /proc/cpuinfo}. Empty if a processor has no core number, as on ARM. */
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

    /** Parses a kernel's list of CPUs, such as {@code 0-3,8}. Malformed parts are left out. */
    static BitSet cpus(String list) {
        BitSet cpus = new BitSet();
        for (String part : list.strip().split(",", -1)) {
            Matcher range = RANGE.matcher(part.strip());
            if (range.matches()) {
                int first = Integer.parseInt(range.group(1));
                int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
                if (first <= last && last < MAX_CPUS) {
                    cpus.set(first, last + 1);
                }
            }
        }
        return cpus;
    }

    /** Formats a list of CPUs as the kernel does. */
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
