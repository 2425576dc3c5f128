package dev.headroom.environment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The graphics cards of a Linux machine that NVIDIA's driver does not drive: of those that it does, its own library
 * tells more. They are numbered behind NVIDIA's, as both kinds of facts have the same names.
 */
final class Gpus {
    /**
     * PCI's numbers of who makes graphics cards that compute. What a server's management controller shows is no such.
     */
    private static final Map<String, String> VENDORS = Map.of("1002", "AMD", "8086", "Intel", "10de", "NVIDIA");

    private Gpus() {}

    static void putInto(Facts facts, Machine machine, List<PciDevice> devices) {
        List<PciDevice> gpus = devices.stream()
                .filter(device -> device.isDisplayController() && VENDORS.containsKey(device.vendor()))
                .toList();
        List<PciDevice> others = gpus.stream().filter(gpu -> !isNvidias(gpu)).toList();
        int number = gpus.size() - others.size();
        for (PciDevice gpu : others) {
            String name = name(++number);
            facts.put(name, Optional.of(model(machine, gpu)));
            facts.put(name + "Driver", gpu.driver().map(driver -> driver(machine, driver)));
            facts.put(name + "Display", display(machine, gpu));
        }
    }

    /** {@code gpu} of the first card, {@code gpu2} of the second one: facts of cards begin so. */
    static String name(int number) {
        return number == 1 ? "gpu" : "gpu" + number;
    }

    private static boolean isNvidias(PciDevice gpu) {
        return gpu.driver().equals(Optional.of("nvidia"));
    }

    /** {@code AMD 1002:744c rev c8}: one number stands for several products, which the revision tells apart. */
    private static String model(Machine machine, PciDevice gpu) {
        String revision = machine.text(gpu.folder() + "/revision").strip();
        return VENDORS.get(gpu.vendor()) + " " + gpu.vendor() + ":" + gpu.device()
                + (revision.matches("0x[0-9a-f]{2}") ? " rev " + revision.substring(2) : "");
    }

    /** With a version where it has one of its own. The kernel's own drivers have not: theirs is the kernel's. */
    private static String driver(Machine machine, String driver) {
        return machine.value("sys/module/" + driver + "/version")
                .map(version -> driver + " " + version)
                .orElse(driver);
    }

    /**
     * {@code active} if the card draws on a connector, {@code connected} if only something is plugged in, {@code none}
     * if nothing is. Empty for a card without connectors.
     */
    private static Optional<String> display(Machine machine, PciDevice gpu) {
        List<String> connectors = new ArrayList<>();
        for (String card : machine.names(gpu.folder() + "/drm")) {
            String folder = gpu.folder() + "/drm/" + card + "/";
            machine.names(folder).stream()
                    .filter(name -> name.startsWith(card + "-"))
                    .forEach(name -> connectors.add(folder + name));
        }
        if (connectors.isEmpty()) {
            return Optional.empty();
        }
        if (connectors.stream().anyMatch(connector -> says(machine, connector + "/enabled", "enabled"))) {
            return Optional.of("active");
        }
        boolean connected =
                connectors.stream().anyMatch(connector -> says(machine, connector + "/status", "connected"));
        return Optional.of(connected ? "connected" : "none");
    }

    private static boolean says(Machine machine, String file, String text) {
        return machine.text(file).strip().equals(text);
    }
}
