package dev.headroom.environment;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** macOS. */
final class MacOs {
    private static final List<String> SYSCTL = List.of(
            "/usr/sbin/sysctl",
            "kern.osrelease",
            "kern.hv_vmm_present",
            "hw.model",
            "hw.logicalcpu",
            "hw.physicalcpu",
            "hw.perflevel0.physicalcpu",
            "hw.memsize",
            "vm.swapusage",
            "machdep.cpu.brand_string");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
    private static final Pattern SWAP_TOTAL = Pattern.compile("total = ([0-9]{1,12})[.,][0-9]+M.*");

    private MacOs() {}

    static String detect(Machine machine, Facts facts) {
        Map<String, String> sysctl = values(machine.run().apply(SYSCTL));
        Optional<String> model = Optional.ofNullable(sysctl.get("hw.model"));
        Hardware hardware =
                switch (sysctl.getOrDefault("kern.hv_vmm_present", "")) {
                    case "0" -> new Hardware(Hardware.Kind.PHYSICAL, Optional.empty(), model);
                    case "1" -> new Hardware(Hardware.Kind.VIRTUAL, Optional.empty(), model);
                    default -> new Hardware(Hardware.Kind.UNKNOWN, Optional.empty(), model);
                };

        facts.put("os", machine.property("os.version").map(version -> "macOS " + version));
        facts.put("kernel", Optional.ofNullable(sysctl.get("kern.osrelease")).map(release -> "Darwin " + release));
        facts.put("architecture", machine.property("os.arch"));
        hardware.putInto(facts);
        facts.put("cpu", Optional.ofNullable(sysctl.get("machdep.cpu.brand_string")));
        facts.put("logicalCores", number(sysctl, "hw.logicalcpu"));
        facts.put("physicalCores", number(sysctl, "hw.physicalcpu"));
        facts.put("usableCores", machine.processors());
        OptionalLong memory = number(sysctl, "hw.memsize");
        facts.put(
                "memoryTotalMiB",
                memory.isPresent() ? OptionalLong.of(memory.getAsLong() >> 20) : OptionalLong.empty());
        facts.put("swapTotalMiB", swapTotalMiB(sysctl.getOrDefault("vm.swapusage", "")));
        return hardware.kind().prefix() + "macos";
    }

    /** The fast cores of Apple silicon, or all physical ones where they are alike. */
    static OptionalInt performanceCores(Machine machine) {
        Map<String, String> sysctl = values(machine.run().apply(SYSCTL));
        OptionalLong fast = number(sysctl, "hw.perflevel0.physicalcpu");
        OptionalLong cores = fast.isPresent() ? fast : number(sysctl, "hw.physicalcpu");
        return cores.isPresent() && cores.getAsLong() > 0 && cores.getAsLong() <= Integer.MAX_VALUE
                ? OptionalInt.of((int) cores.getAsLong())
                : OptionalInt.empty();
    }

    /** Lines of {@code name: value}. */
    static Map<String, String> values(List<String> lines) {
        Map<String, String> values = new HashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(": ");
            if (colon > 0) {
                values.put(line.substring(0, colon), line.substring(colon + 2).strip());
            }
        }
        return values;
    }

    static OptionalLong swapTotalMiB(String swapusage) {
        Matcher matcher = SWAP_TOTAL.matcher(swapusage);
        return matcher.matches() ? OptionalLong.of(Long.parseLong(matcher.group(1))) : OptionalLong.empty();
    }

    private static OptionalLong number(Map<String, String> sysctl, String name) {
        String text = sysctl.getOrDefault(name, "");
        return NUMBER.matcher(text).matches() ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
    }
}
