package dev.headroom.environment;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Detects macOS. */
final class MacOs {
    private static final List<String> SYSCTL = List.of(
            "/usr/sbin/sysctl",
            "kern.osrelease",
            "kern.bootsessionuuid",
            "kern.hv_vmm_present",
            "hw.model",
            "hw.logicalcpu",
            "hw.physicalcpu",
            "hw.perflevel0.physicalcpu",
            "hw.memsize",
            "vm.swapusage",
            "machdep.cpu.brand_string",
            "sysctl.proc_translated",
            "hw.optional");
    private static final List<String> GRAPHICS = List.of("/usr/sbin/system_profiler", "SPDisplaysDataType");

    /** Names of sysctl below {@code hw.optional} on ARM and Intel. Behind the colon stands the feature. */
    private static final Map<String, String> FEATURES = Cpu.named(
            "hw.optional.AdvSIMD:neon",
            "hw.optional.neon:neon",
            "hw.optional.arm.FEAT_FP16:fp16",
            "hw.optional.arm.FEAT_DotProd:dotprod",
            "hw.optional.arm.FEAT_I8MM:i8mm",
            "hw.optional.arm.FEAT_BF16:bf16",
            "hw.optional.arm.FEAT_SME:sme",
            "hw.optional.sse4_2:sse4_2",
            "hw.optional.avx1_0:avx",
            "hw.optional.f16c:f16c",
            "hw.optional.fma:fma",
            "hw.optional.avx2_0:avx2",
            "hw.optional.bmi2:bmi2",
            "hw.optional.avx512f:avx512f");

    private static final Pattern SWAP_TOTAL = Pattern.compile("total = ([0-9]{1,12})[.,][0-9]+M.*");

    private MacOs() {}

    static String detect(Machine machine, Facts facts) {
        Map<String, String> sysctl = values(machine.run().apply(SYSCTL));
        Hardware.Kind kind =
                switch (sysctl.getOrDefault("kern.hv_vmm_present", "")) {
                    case "0" -> Hardware.Kind.PHYSICAL;
                    case "1" -> Hardware.Kind.VIRTUAL;
                    default -> Hardware.Kind.UNKNOWN;
                };
        boolean emulated = "1".equals(sysctl.get("sysctl.proc_translated"));
        String release = sysctl.get("kern.osrelease");

        facts.put(
                "os",
                machine.property("os.version")
                        .map(version -> "macOS " + version)
                        .orElse(null));
        facts.put("kernel", release == null ? null : "Darwin " + release);
        facts.put("bootId", sysctl.get("kern.bootsessionuuid"));
        facts.put("architecture", machine.properties().get("os.arch"));
        facts.put("emulation", emulated ? Cpu.X86_ON_ARM : null);
        new Hardware(kind, null, sysctl.get("hw.model")).putInto(facts);
        facts.put("cpu", sysctl.get("machdep.cpu.brand_string"));
        facts.put(
                "cpuFeatures",
                Cpu.features(FEATURES, name -> "1".equals(sysctl.get(name))).orElse(null));
        facts.put("logicalCores", number(sysctl, "hw.logicalcpu").orElse(null));
        facts.put("physicalCores", number(sysctl, "hw.physicalcpu").orElse(null));
        facts.put("usableCores", machine.processors());
        facts.put(
                "memoryTotalMiB",
                number(sysctl, "hw.memsize").map(Numbers::mebibytes).orElse(null));
        facts.put(
                "swapTotalMiB",
                swapTotalMiB(sysctl.getOrDefault("vm.swapusage", "")).orElse(null));
        gpus(machine.run().apply(GRAPHICS), facts);
        return (emulated ? Hardware.Kind.UNKNOWN : kind).prefix() + "macos";
    }

    /**
     * Parses the system profiler's indented lines of names and values. A card begins with its chipset. The facts are
     * its name, the number of cores of Apple's, the version of Metal, and whether it draws on a display.
     */
    static void gpus(List<String> lines, Facts facts) {
        int number = 0;
        for (String line : lines) {
            String[] field = line.strip().split(": ", 2);
            if (field.length < 2) {
                continue;
            }
            String gpu = Gpus.name(Math.max(1, number));
            switch (field[0]) {
                case "Chipset Model" -> facts.put(Gpus.name(++number), field[1]);
                case "Total Number of Cores" ->
                    facts.put(gpu + "Cores", Numbers.parse(field[1]).orElse(null));
                case "Metal Support", "Metal Family" -> facts.put(gpu + "Metal", field[1]);
                case "Online" -> {
                    if (field[1].equals("Yes")) {
                        facts.put(gpu + "Display", "active");
                    }
                }
                default -> {}
            }
        }
    }

    /** The number of performance cores of Apple silicon, or of all physical cores on other processors. */
    static Optional<Integer> performanceCores(Machine machine) {
        Map<String, String> sysctl = values(machine.run().apply(SYSCTL));
        return number(sysctl, "hw.perflevel0.physicalcpu")
                .or(() -> number(sysctl, "hw.physicalcpu"))
                .filter(cores -> cores > 0 && cores <= Integer.MAX_VALUE)
                .map(Long::intValue);
    }

    /** Parses lines of {@code name: value}. */
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

    static Optional<Long> swapTotalMiB(String swapusage) {
        Matcher matcher = SWAP_TOTAL.matcher(swapusage);
        return matcher.matches() ? Numbers.parse(matcher.group(1)) : Optional.empty();
    }

    private static Optional<Long> number(Map<String, String> sysctl, String name) {
        return Numbers.parse(sysctl.getOrDefault(name, ""));
    }
}
