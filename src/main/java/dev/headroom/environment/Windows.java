package dev.headroom.environment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Windows, and Wine. */
final class Windows {
    private static final Pattern VALUE = Pattern.compile("\\s{2,}(.+?)\\s{2,}REG_[A-Z_]+\\s{2,}(.*)");
    private static final String VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    private static final String BIOS = "HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS";
    private static final String CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control";
    private static final String VIDEO = "HKLM\\HARDWARE\\DEVICEMAP\\VIDEO";
    private static final String PROCESSOR = "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0";

    /** What Wine's loader leaves in the environment of the programs it starts. */
    private static final Set<String> WINE_VARIABLES = Set.of("WINECONFIGDIR", "WINEHOMEDIR", "WINELOADERNOEXEC");

    private static final Set<String> CONTAINER_USERS = Set.of("ContainerAdministrator", "ContainerUser");

    /** Who is logged on in a Windows Sandbox; elsewhere nobody can be. */
    private static final String SANDBOX_USER = "WDAGUtilityAccount";

    /** The key of a graphics card and, in its last part, of one of its outputs. */
    private static final Pattern CARD = Pattern.compile(
            "\\\\Registry\\\\Machine\\\\(?<key>System\\\\CurrentControlSet\\\\Control\\\\Video\\\\(?<card>\\{[0-9A-F-]{36}})\\\\[0-9]{4})",
            Pattern.CASE_INSENSITIVE);

    /** The id of a card of AMD, Intel, NVIDIA or Qualcomm: of the others that draw none computes. */
    private static final Pattern MAKER = Pattern.compile(
            "(?:pci\\\\ven_(?:1002|8086|(?<nvidia>10de))|acpi\\\\(?:ven_)?qcom)\\b.*", Pattern.CASE_INSENSITIVE);

    private Windows() {}

    static String detect(Machine machine, Facts facts) {
        boolean wine = machine.exists("windows/system32/winecfg.exe")
                || WINE_VARIABLES.stream()
                        .anyMatch(name -> machine.variable(name).isPresent());
        boolean container =
                machine.variable("USERNAME").filter(CONTAINER_USERS::contains).isPresent()
                        || registry(machine, CONTROL).containsKey("ContainerType");
        boolean sandbox = machine.variable("USERNAME").equals(Optional.of(SANDBOX_USER));
        Hardware hardware = hardware(registry(machine, BIOS));
        Map<String, String> processor = registry(machine, PROCESSOR);
        Optional<String> emulation = emulation(machine, processor);

        facts.put("os", machine.property("os.name"));
        facts.put("kernel", build(machine.property("os.version"), registry(machine, VERSION)));
        facts.put("architecture", machine.property("os.arch"));
        facts.put("emulation", emulation);
        if (wine || sandbox) {
            facts.put("sandbox", Optional.of(wine ? "Wine" : "Windows Sandbox"));
        }
        facts.put("container", container ? Optional.of("windows") : Optional.empty());
        hardware.putInto(facts);
        facts.put("cpu", Optional.ofNullable(processor.get("ProcessorNameString")));
        facts.put("logicalCores", logicalCores(machine));
        facts.put("usableCores", machine.processors());
        facts.put("memoryTotalMiB", machine.memoryMiB());
        if (wine) {
            return "wine";
        }
        gpus(machine, facts);
        if (container) {
            return "container-windows";
        }
        return (emulation.isEmpty() ? hardware.kind() : Hardware.Kind.UNKNOWN).prefix() + "windows";
    }

    /** Whether an x86-64 JVM runs on an ARM processor, which all variables hide from it. */
    private static Optional<String> emulation(Machine machine, Map<String, String> processor) {
        boolean arm = processor.getOrDefault("Identifier", "").startsWith("ARM");
        return arm && machine.property("os.arch").equals(Optional.of("amd64"))
                ? Optional.of(Cpu.X86_ON_ARM)
                : Optional.empty();
    }

    /**
     * The cards that draw now, without those of which NVIDIA's library tells more: these are only counted, as their
     * numbers come first. Since Windows 8 all drivers that draw are of the model WDDM.
     */
    private static void gpus(Machine machine, Facts facts) {
        Map<String, String> keys = new TreeMap<>();
        registry(machine, VIDEO).values().stream()
                .map(CARD::matcher)
                .filter(Matcher::matches)
                .sorted(Comparator.comparing(card -> card.group("key")))
                .forEach(card -> keys.putIfAbsent(card.group("card"), "HKLM\\" + card.group("key")));
        List<Map<String, String>> others = new ArrayList<>();
        int number = 0;
        for (String key : keys.values()) {
            Map<String, String> card = registry(machine, key);
            Matcher maker = MAKER.matcher(card.getOrDefault("MatchingDeviceId", ""));
            if (maker.matches() && maker.group("nvidia") != null) {
                number++;
            } else if (maker.matches()) {
                others.add(card);
            }
        }
        for (Map<String, String> card : others) {
            String gpu = Gpus.name(++number);
            facts.put(gpu, Optional.ofNullable(card.get("DriverDesc")));
            facts.put(gpu + "Driver", Optional.ofNullable(card.get("DriverVersion")));
            facts.put(gpu + "DriverModel", Optional.of("WDDM"));
        }
    }

    /**
     * Windows shows no processor flags here, and with VBS on they would tell of a hypervisor on physical machines too.
     */
    private static Hardware hardware(Map<String, String> bios) {
        Optional<String> firmware = Stream.of("SystemManufacturer", "SystemProductName")
                .map(name -> bios.getOrDefault(name, ""))
                .filter(text -> !text.isBlank())
                .reduce((vendor, product) -> vendor + " " + product);
        String signs = firmware.orElse("") + "\n" + bios.getOrDefault("BaseBoardManufacturer", "") + "\n"
                + bios.getOrDefault("BIOSVendor", "");
        return Hardware.of(firmware, signs, Optional.empty());
    }

    /** {@code 10.0.22631.4317}: what {@code winver} calls the build, behind the version of the kernel. */
    private static Optional<String> build(Optional<String> version, Map<String, String> current) {
        Optional<String> build = Optional.ofNullable(current.get("CurrentBuild"));
        Optional<String> revision = Optional.ofNullable(current.get("UBR")).flatMap(Windows::dword);
        return version.map(v -> v
                + build.map(b -> "." + b).orElse("")
                + build.flatMap(b -> revision).map(r -> "." + r).orElse(""));
    }

    private static Optional<String> dword(String text) {
        return text.matches("0x[0-9a-fA-F]{1,8}")
                ? Optional.of(Long.toString(Long.parseLong(text.substring(2), 16)))
                : Optional.empty();
    }

    private static OptionalInt logicalCores(Machine machine) {
        return machine.variable("NUMBER_OF_PROCESSORS")
                .filter(text -> text.matches("[0-9]{1,5}"))
                .map(text -> OptionalInt.of(Integer.parseInt(text)))
                .orElse(OptionalInt.empty());
    }

    private static Map<String, String> registry(Machine machine, String key) {
        return values(machine.run().apply(List.of("reg", "query", key)));
    }

    /** The values that {@code reg query} prints: name, type and data, each with spaces between. */
    static Map<String, String> values(List<String> lines) {
        Map<String, String> values = new HashMap<>();
        for (String line : lines) {
            Matcher matcher = VALUE.matcher(line);
            if (matcher.matches()) {
                values.put(matcher.group(1), matcher.group(2).strip());
            }
        }
        return values;
    }
}
