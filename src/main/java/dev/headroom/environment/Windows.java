package dev.headroom.environment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Detects Windows and Wine. */
final class Windows {
    private static final Pattern VALUE = Pattern.compile("\\s{2,}(.+?)\\s{2,}REG_[A-Z_]+\\s{2,}(.*)");
    private static final String VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    private static final String BIOS = "HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS";
    private static final String CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control";
    private static final String GRAPHICS = CONTROL + "\\GraphicsDrivers";
    private static final String VIDEO = "HKLM\\HARDWARE\\DEVICEMAP\\VIDEO";
    private static final String PROCESSOR = "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0";

    /** Environment variables that Wine's loader sets for the programs that it starts. */
    private static final Set<String> WINE_VARIABLES = Set.of("WINECONFIGDIR", "WINEHOMEDIR", "WINELOADERNOEXEC");

    private static final Set<String> CONTAINER_USERS = Set.of("ContainerAdministrator", "ContainerUser");

    /** The user of a Windows Sandbox. No one can log on as this user elsewhere. */
    private static final String SANDBOX_USER = "WDAGUtilityAccount";

    /** The registry key of a graphics card. Its last part is one of the card's outputs. */
    private static final Pattern CARD = Pattern.compile(
            "\\\\Registry\\\\Machine\\\\"
                    + "(?<key>System\\\\CurrentControlSet\\\\Control\\\\Video\\\\"
                    + "(?<card>\\{[0-9A-F-]{36}})\\\\[0-9]{4})",
            Pattern.CASE_INSENSITIVE);

    /** The device id of a card of AMD, Intel, NVIDIA or Qualcomm. No other card can compute. */
    private static final Pattern MAKER = Pattern.compile(
            "(?:pci\\\\ven_(?:1002|8086|(?<nvidia>10de))|acpi\\\\(?:ven_)?qcom)\\b.*", Pattern.CASE_INSENSITIVE);

    private Windows() {}

    static String detect(Machine machine, Facts facts) {
        String user = machine.variable("USERNAME").orElse("");
        boolean wine = machine.exists("windows/system32/winecfg.exe")
                || WINE_VARIABLES.stream()
                        .anyMatch(name -> machine.variable(name).isPresent());
        boolean container =
                CONTAINER_USERS.contains(user) || registry(machine, CONTROL).containsKey("ContainerType");
        boolean sandbox = user.equals(SANDBOX_USER);
        Hardware hardware = hardware(registry(machine, BIOS));
        Map<String, String> processor = registry(machine, PROCESSOR);
        boolean emulated = isX86OnArm(machine, processor);
        WindowsKernel kernel = machine.windowsKernel().get();

        facts.put("os", machine.properties().get("os.name"));
        facts.put("kernel", build(machine.properties().get("os.version"), registry(machine, VERSION)));
        facts.put("bootId", kernel.bootId() == 0 ? null : Integer.toUnsignedString(kernel.bootId()));
        facts.put("architecture", machine.properties().get("os.arch"));
        facts.put("emulation", emulated ? Cpu.X86_ON_ARM : null);
        facts.put("sandbox", wine ? "Wine" : sandbox ? "Windows Sandbox" : null);
        facts.put("container", container ? "windows" : null);
        hardware.putInto(facts);
        facts.put("cpu", processor.get("ProcessorNameString"));
        facts.put(
                "logicalCores",
                machine.variable("NUMBER_OF_PROCESSORS").flatMap(Numbers::parse).orElse(null));
        facts.put("physicalCores", kernel.physicalCores().orElse(null));
        facts.put("usableCores", machine.processors());
        facts.put("memoryTotalMiB", machine.memoryMiB().orElse(null));
        if (wine) {
            return "wine";
        }
        facts.put("gpuHardwareScheduling", hardwareScheduling(registry(machine, GRAPHICS)));
        gpus(machine, facts);
        if (container) {
            return "container-windows";
        }
        return (emulated ? Hardware.Kind.UNKNOWN : hardware.kind()).prefix() + "windows";
    }

    /** Whether an x86-64 JVM runs on an ARM processor. Environment variables hide the real processor from it. */
    private static boolean isX86OnArm(Machine machine, Map<String, String> processor) {
        return processor.getOrDefault("Identifier", "").startsWith("ARM")
                && "amd64".equals(machine.properties().get("os.arch"));
    }

    /**
     * Adds the active display cards except NVIDIA's, about which NVIDIA's library knows more. NVIDIA's cards are only
     * counted, since they are numbered first. Since Windows 8 every display driver follows the model WDDM.
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
            facts.put(gpu, card.get("DriverDesc"));
            facts.put(gpu + "Driver", card.get("DriverVersion"));
            facts.put(gpu + "DriverModel", "WDDM");
        }
    }

    /**
     * Judges the firmware. Windows shows no processor flags here. With virtualization-based security they would also
     * name a hypervisor on physical machines.
     */
    private static Hardware hardware(Map<String, String> bios) {
        Optional<String> firmware = Stream.of("SystemManufacturer", "SystemProductName")
                .map(name -> bios.getOrDefault(name, ""))
                .filter(text -> !text.isBlank())
                .reduce((vendor, product) -> vendor + " " + product);
        String signs = firmware.orElse("") + "\n" + bios.getOrDefault("BaseBoardManufacturer", "") + "\n"
                + bios.getOrDefault("BIOSVendor", "");
        return Hardware.of(firmware.orElse(null), signs, null);
    }

    /** The user's choice of hardware-accelerated GPU scheduling. Without a choice the driver decides. */
    private static @Nullable String hardwareScheduling(Map<String, String> graphics) {
        return switch (graphics.getOrDefault("HwSchMode", "")) {
            case "0x1" -> "off";
            case "0x2" -> "on";
            default -> null;
        };
    }

    /** The kernel's version and the build as {@code winver} shows it, for example {@code 10.0.22631.4317}. */
    private static @Nullable String build(@Nullable String version, Map<String, String> current) {
        String build = current.get("CurrentBuild");
        if (version == null || build == null) {
            return version;
        }
        String revision = current.getOrDefault("UBR", "");
        boolean known = revision.matches("0x[0-9a-fA-F]{1,8}");
        return version + "." + build + (known ? "." + Long.parseLong(revision.substring(2), 16) : "");
    }

    private static Map<String, String> registry(Machine machine, String key) {
        return values(machine.run().apply(List.of("reg", "query", key)));
    }

    /** Parses the output of {@code reg query}: name, type and data, separated by blanks. */
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
