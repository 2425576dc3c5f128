package dev.headroom.environment;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a fork runs. The name is claimed on evidence only:
 *
 * <ul>
 *   <li>{@code native-linux}, {@code native-windows}, {@code native-macos}: physical hardware, no container, no layer
 *       between
 *   <li>{@code vm-linux}, {@code vm-windows}, {@code vm-macos}: a virtual machine
 *   <li>{@code wsl1}, {@code wsl2}, {@code container}, {@code container-wsl2}, {@code container-windows}, {@code gvisor},
 *       {@code wine}
 *   <li>{@code unknown-linux}, {@code unknown-windows}, {@code unknown-macos}, {@code unknown-<other>}: the evidence
 *       does not suffice
 * </ul>
 *
 * <p>A container in a virtual machine is a {@code container}; that the machine is virtual stands in the facts.
 *
 * @param name in {@code [A-Za-z0-9._-]}
 * @param facts in a fixed order, units in the names; what is not known is not there. {@code os}, {@code kernel}, {@code
 *     distribution}, {@code architecture}, {@code wsl} (1 or 2), {@code sandbox}, {@code container} (runtime), {@code
 *     hardware} (physical or virtual), {@code hypervisor}, {@code machine} (vendor and product), {@code cpu}, {@code
 *     logicalCores}, {@code physicalCores}, {@code usableCores} (after affinity and cgroup quota), {@code
 *     memoryTotalMiB}, {@code memoryAvailableMiB} (now), {@code memoryLimitMiB} (cgroup), {@code swapTotalMiB}, {@code governor}, {@code cpuMaxMHz}, {@code
 *     jvm}, {@code jvmVersion}, {@code jvmVendor}; what {@link #with} adds stands behind
 */
public record Environment(String name, Map<String, String> facts) {
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
