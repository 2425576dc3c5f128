package dev.headroom.environment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The graphics cards of a Linux machine that NVIDIA's driver does not drive. NVIDIA's own library knows more about
 * those that it drives. The two sources use the same fact names, so these cards are numbered after NVIDIA's.
 */
final class Gpus {
    /** PCI ids of vendors whose cards can compute. Display chips of server management controllers are no such cards. */
    private static final Map<String, String> VENDORS = Map.of("1002", "AMD", "8086", "Intel", "10de", "NVIDIA");

    private Gpus() {}

    static void putInto(Facts facts, Machine machine, List<PciDevice> devices) {
        List<PciDevice> gpus = devices.stream()
                .filter(device -> device.isDisplayController() && VENDORS.containsKey(device.vendor()))
                .toList();
        List<PciDevice> others =
                gpus.stream().filter(gpu -> !"nvidia".equals(gpu.driver())).toList();
        int number = gpus.size() - others.size();
        for (PciDevice gpu : others) {
            String name = name(++number);
            facts.put(name, model(machine, gpu));
            facts.put(name + "Driver", driver(machine, gpu.driver()));
            facts.put(name + "Display", display(machine, gpu));
        }
    }

    /** The prefix of a card's facts: {@code gpu} for the first card, {@code gpu2} for the second. */
    static String name(int number) {
        return number == 1 ? "gpu" : "gpu" + number;
    }

    /** For example {@code AMD 1002:744c rev c8}. Products that share a device id differ in the revision. */
    private static String model(Machine machine, PciDevice gpu) {
        String revision = machine.text(gpu.folder() + "/revision").strip();
        return VENDORS.get(gpu.vendor()) + " " + gpu.vendor() + ":" + gpu.device()
                + (revision.matches("0x[0-9a-f]{2}") ? " rev " + revision.substring(2) : "");
    }

    /** The driver, with its version if it has one. The kernel's own drivers have none. */
    private static @Nullable String driver(Machine machine, @Nullable String driver) {
        return driver == null
                ? null
                : machine.value("sys/module/" + driver + "/version")
                        .map(version -> driver + " " + version)
                        .orElse(driver);
    }

    /**
     * {@code active} if the card draws on a connector, {@code connected} if something is plugged in, else {@code none}.
     * Null for a card without connectors.
     */
    private static @Nullable String display(Machine machine, PciDevice gpu) {
        List<String> connectors = new ArrayList<>();
        for (String card : machine.names(gpu.folder() + "/drm")) {
            String folder = gpu.folder() + "/drm/" + card + "/";
            machine.names(folder).stream()
                    .filter(name -> name.startsWith(card + "-"))
                    .forEach(name -> connectors.add(folder + name));
        }
        if (connectors.isEmpty()) {
            return null;
        }
        if (connectors.stream().anyMatch(connector -> machine.contains(connector + "/enabled", "enabled"))) {
            return "active";
        }
        return connectors.stream().anyMatch(connector -> machine.contains(connector + "/status", "connected"))
                ? "connected"
                : "none";
    }
}
