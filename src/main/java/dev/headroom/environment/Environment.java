package dev.headroom.environment;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Where a fork runs. The name is claimed on evidence only:
 *
 * <ul>
 *   <li>{@code native-linux}, {@code native-windows}, {@code native-macos}: physical hardware, no container, no layer
 *       between
 *   <li>{@code vm-linux}, {@code vm-windows}, {@code vm-macos}: a virtual machine
 *   <li>{@code wsl1}, {@code wsl2}, {@code container}, {@code container-wsl1}, {@code container-wsl2},
 *       {@code container-windows}, {@code gvisor}, {@code wine}
 *   <li>{@code unknown-linux}, {@code unknown-windows}, {@code unknown-macos}, {@code unknown-<other>}: the evidence
 *       does not suffice
 * </ul>
 *
 * <p>A container in a virtual machine is a {@code container}; that the machine is virtual stands in the facts.
 *
 * @param name in {@code [A-Za-z0-9._-]}
 * @param facts in a fixed order, units in the names; what is not known is not there. What {@link #with} adds stands
 *     behind.
 *     <ul>
 *       <li>system: {@code os}, {@code kernel}, {@code distribution}, {@code architecture} (of the JVM),
 *           {@code emulation} (whose instructions are translated to whose), {@code wsl} (1 or 2), {@code wslKernel}
 *           ({@code stock} or {@code custom}), {@code dxg} (whether {@code /dev/dxg}, WSL2's way to the GPU, is there:
 *           {@code yes} or {@code no}), {@code sandbox}, {@code container} (runtime)
 *       <li>machine: {@code hardware} ({@code physical} or {@code virtual}), {@code hypervisor}, {@code machine}
 *           (vendor and product), {@code cpu}, {@code cpuFeatures} (those that llama.cpp has code for),
 *           {@code logicalCores}, {@code physicalCores}, {@code usableCores} (after affinity and cgroup quota),
 *           {@code numaNodes}, {@code governor}, {@code cpuMaxMHz}
 *       <li>limits: {@code cgroupVersion}, {@code cpuQuotaCores}, {@code cpuset} (the CPUs that affinity and cpuset
 *           leave, if not all), {@code memoryLimitMiB}
 *       <li>memory: {@code memoryTotalMiB}, {@code memoryAvailableMiB} and {@code pageCacheMiB} (now),
 *           {@code swapTotalMiB}, {@code transparentHugepages} and {@code transparentHugepageDefrag} (the kernel's
 *           words), {@code hugepages} (reserved, #) of {@code hugepageSizeKiB}, {@code swappiness},
 *           {@code overcommitMemory} (0 by judgement, 1 always, 2 never), {@code zswap} ({@code on} or {@code off}),
 *           {@code zramSwapMiB}
 *       <li>GPU: {@code gpu} (name, or maker and PCI's numbers), {@code gpuDriver}, {@code gpuDriverModel},
 *           {@code gpuDisplay} ({@code active}: it draws on one; {@code connected}; {@code none}), {@code gpuCores} and
 *           {@code gpuMetal} on macOS; of the second card {@code gpu2} and so on, NVIDIA's first; {@code vulkanLoader},
 *           {@code vulkanDrivers} (as installed)
 *       <li>JVM: {@code jvm}, {@code jvmVersion}, {@code jvmVendor}
 *     </ul>
 */
public record Environment(String name, Map<String, String> facts) {
    /** Every name but those of systems that are neither Linux nor Windows nor macOS. */
    static final Set<String> NAMES = Set.of(
            "native-linux",
            "native-windows",
            "native-macos",
            "vm-linux",
            "vm-windows",
            "vm-macos",
            "unknown-linux",
            "unknown-windows",
            "unknown-macos",
            "wsl1",
            "wsl2",
            "container",
            "container-wsl1",
            "container-wsl2",
            "container-windows",
            "gvisor",
            "wine");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern NOT_IN_A_NAME = Pattern.compile("[^a-z0-9]+");

    public Environment {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a name of an environment: " + name);
        }
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /** Where this JVM runs. */
    public static Environment detect() {
        return detect(Machine.here());
    }

    /**
     * Whether a label may stand for this place: its name, or its name with more behind a dash, to tell two places of a
     * kind apart, such as {@code native-linux-desk}. Of the names that a label begins with the longest one counts:
     * {@code container-wsl2} is none for a {@code container}.
     */
    public boolean isCalled(String label) {
        return isCalled(label, name)
                && NAMES.stream().noneMatch(other -> other.length() > name.length() && isCalled(label, other));
    }

    private static boolean isCalled(String label, String name) {
        return label.equals(name) || (label.startsWith(name + "-") && label.length() > name.length() + 1);
    }

    /** The same place with more facts, which others have found out. */
    public Environment with(Map<String, String> more) {
        Facts all = new Facts();
        facts.forEach((fact, value) -> all.put(fact, Optional.of(value)));
        more.forEach((fact, value) -> all.put(fact, Optional.of(value)));
        return new Environment(name, all.asMap());
    }

    static Environment detect(Machine machine) {
        Facts facts = new Facts();
        String name =
                switch (machine.os()) {
                    case LINUX -> Linux.detect(machine, facts);
                    case WINDOWS -> Windows.detect(machine, facts);
                    case MACOS -> MacOs.detect(machine, facts);
                    case OTHER -> other(machine, facts);
                };
        facts.put("jvm", machine.property("java.vm.name"));
        facts.put("jvmVersion", machine.property("java.vm.version"));
        facts.put("jvmVendor", machine.property("java.vm.vendor"));
        return new Environment(name, facts.asMap());
    }

    private static String other(Machine machine, Facts facts) {
        facts.put("os", machine.property("os.name"));
        facts.put("kernel", machine.property("os.version"));
        facts.put("architecture", machine.property("os.arch"));
        facts.put("usableCores", machine.processors());
        facts.put("memoryTotalMiB", machine.memoryMiB());
        String os = NOT_IN_A_NAME
                .matcher(machine.property("os.name").orElse("").toLowerCase(Locale.ROOT))
                .replaceAll("");
        return "unknown-" + (os.isEmpty() ? "os" : os);
    }
}
