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
            "machdep.cpu.brand_string",
            "sysctl.proc_translated",
            "hw.optional");
    private static final List<String> GRAPHICS = List.of("/usr/sbin/system_profiler", "SPDisplaysDataType");

    /** Names of sysctl below {@code hw.optional}, of ARM and of Intel processors, with ours behind. */
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

        Optional<String> emulation =
                sysctl.getOrDefault("sysctl.proc_translated", "").equals("1")
                        ? Optional.of(Cpu.X86_ON_ARM)
                        : Optional.empty();

        facts.put("os", machine.property("os.version").map(version -> "macOS " + version));
        facts.put("kernel", Optional.ofNullable(sysctl.get("kern.osrelease")).map(release -> "Darwin " + release));
        facts.put("architecture", machine.property("os.arch"));
        facts.put("emulation", emulation);
        hardware.putInto(facts);
        facts.put("cpu", Optional.ofNullable(sysctl.get("machdep.cpu.brand_string")));
        facts.put("cpuFeatures", Cpu.features(FEATURES, name -> sysctl.getOrDefault(name, "")
                .equals("1")));
        facts.put("logicalCores", number(sysctl, "hw.logicalcpu"));
        facts.put("physicalCores", number(sysctl, "hw.physicalcpu"));
        facts.put("usableCores", machine.processors());
        OptionalLong memory = number(sysctl, "hw.memsize");
        facts.put(
                "memoryTotalMiB",
                memory.isPresent() ? OptionalLong.of(memory.getAsLong() >> 20) : OptionalLong.empty());
        facts.put("swapTotalMiB", swapTotalMiB(sysctl.getOrDefault("vm.swapusage", "")));
        gpus(machine.run().apply(GRAPHICS), facts);
        return (emulation.isEmpty() ? hardware.kind() : Hardware.Kind.UNKNOWN).prefix() + "macos";
    }

    /**
     * What the system profiler tells of each card: its name, its cores where it is Apple's, the version of Metal, and
     * whether it draws on a display. Indented lines of names and values; a card begins with its chipset.
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
                case "Chipset Model" -> facts.put(Gpus.name(++number), Optional.of(field[1]));
                case "Total Number of Cores" -> facts.put(gpu + "Cores", Snapshot.number(field[1]));
                case "Metal Support", "Metal Family" -> facts.put(gpu + "Metal", Optional.of(field[1]));
                case "Online" -> {
                    if (field[1].equals("Yes")) {
                        facts.put(gpu + "Display", Optional.of("active"));
                    }
                }
                default -> {}
            }
        }
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
