package dev.headroom.environment;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The environment in which a fork runs: a name and facts. The name states only what the evidence shows:
 *
 * <ul>
 *   <li>{@code native-linux}, {@code native-windows}, {@code native-macos}: a physical machine, no container and no
 *       emulation
 *   <li>{@code vm-linux}, {@code vm-windows}, {@code vm-macos}: a virtual machine
 *   <li>{@code wsl1}, {@code wsl2}, {@code container}, {@code container-wsl1}, {@code container-wsl2},
 *       {@code container-windows}, {@code gvisor}, {@code wine}
 *   <li>{@code unknown-linux}, {@code unknown-windows}, {@code unknown-macos}, {@code unknown-<other>}: not enough
 *       evidence
 * </ul>
 *
 * <p>A container in a virtual machine is named {@code container}. The fact {@code hardware} shows that the machine is
 * virtual.
 *
 * @param name characters of {@code [A-Za-z0-9._-]}
 * @param facts facts in a fixed order, with units in their names. Unknown facts are left out. Facts added by
 *     {@link #with} come last. {@code docs/environments.md} lists them all.
 */
public record Environment(String name, Map<String, String> facts) {
    /** All names on Linux, Windows and macOS. */
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

    /**
     * Variables of ggml, llama.cpp, CUDA and ROCm that change memory or speed without a word in any log. All names of
     * ggml count. Those of llama.cpp are listed, as others hold keys of its server.
     */
    private static final Pattern VARIABLE = Pattern.compile("GGML_[A-Z0-9_]+|[A-Z_]*VISIBLE_DEVICES|CUDA_DEVICE_ORDER"
            + "|LLAMA_(?:ATTN_ROT|GRAPH_REUSE)_DISABLE|HSA_OVERRIDE_GFX_VERSION");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern NOT_IN_A_NAME = Pattern.compile("[^a-z0-9]+");

    public Environment {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "No environment can be named " + name + ": use letters, digits, dots, underscores and dashes.");
        }
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /** Detects the environment of this JVM. */
    public static Environment detect() {
        return detect(Machine.here());
    }

    /**
     * Whether a label is valid here: the name, or the name with a suffix behind a dash, such as
     * {@code native-linux-desk}. If a label begins with several names, the longest counts: {@code container-wsl2} is
     * not valid in a {@code container}.
     */
    public boolean isCalled(String label) {
        return isCalled(label, name)
                && NAMES.stream().noneMatch(other -> other.length() > name.length() && isCalled(label, other));
    }

    private static boolean isCalled(String label, String name) {
        return label.equals(name) || (label.startsWith(name + "-") && label.length() > name.length() + 1);
    }

    /** The same environment with more facts, which other packages have detected. */
    public Environment with(Map<String, String> more) {
        Facts all = new Facts();
        facts.forEach(all::put);
        more.forEach(all::put);
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
        facts.put("jvm", machine.properties().get("java.vm.name"));
        facts.put("jvmVersion", machine.properties().get("java.vm.version"));
        facts.put("jvmVendor", machine.properties().get("java.vm.vendor"));
        new TreeMap<>(machine.variables()).forEach((variable, value) -> {
            if (VARIABLE.matcher(variable).matches()) {
                facts.put(variable, value.isBlank() ? "(empty)" : value); // an empty list of devices hides all of them
            }
        });
        return new Environment(name, facts.asMap());
    }

    private static String other(Machine machine, Facts facts) {
        facts.put("os", machine.properties().get("os.name"));
        facts.put("kernel", machine.properties().get("os.version"));
        facts.put("architecture", machine.properties().get("os.arch"));
        facts.put("usableCores", machine.processors());
        facts.put("memoryTotalMiB", machine.memoryMiB().orElse(null));
        String os = NOT_IN_A_NAME
                .matcher(machine.property("os.name").orElse("").toLowerCase(Locale.ROOT))
                .replaceAll("");
        return "unknown-" + (os.isEmpty() ? "os" : os);
    }
}
