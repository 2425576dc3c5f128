package dev.headroom.environment;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A PCI device of a Linux machine.
 *
 * @param folder the folder of its files in sysfs
 * @param type its class, subclass and programming interface, such as {@code 0x030000}
 * @param vendor the vendor's id, four hexadecimal digits
 * @param device the vendor's id of the device, four hexadecimal digits
 * @param driver the kernel driver, or null if the device has none
 */
record PciDevice(String folder, int type, String vendor, String device, @Nullable String driver) {
    private static final String DEVICES = "sys/bus/pci/devices";
    private static final Pattern ID = Pattern.compile("PCI_ID=([0-9A-F]{4}):([0-9A-F]{4})");
    private static final Pattern CLASS = Pattern.compile("PCI_CLASS=([0-9A-F]{1,6})");
    private static final Pattern DRIVER = Pattern.compile("DRIVER=([\\w-]{1,30})");

    /** Base class 3 of the PCI Code and ID Assignment Specification: display and 3D controllers. */
    private static final int DISPLAY_CONTROLLER = 0x03;

    /** Lists the devices in the order of their addresses. */
    static List<PciDevice> all(Machine machine) {
        return machine.names(DEVICES).stream()
                .map(address -> DEVICES + "/" + address)
                .flatMap(folder -> parse(folder, machine.lines(folder + "/uevent")).stream())
                .toList();
    }

    static Optional<PciDevice> parse(String folder, List<String> uevent) {
        Optional<Matcher> id = first(ID, uevent);
        Optional<Matcher> type = first(CLASS, uevent);
        return id.isEmpty() || type.isEmpty()
                ? Optional.empty()
                : Optional.of(new PciDevice(
                        folder,
                        Integer.parseInt(type.get().group(1), 16),
                        id.get().group(1).toLowerCase(Locale.ROOT),
                        id.get().group(2).toLowerCase(Locale.ROOT),
                        first(DRIVER, uevent).map(driver -> driver.group(1)).orElse(null)));
    }

    private static Optional<Matcher> first(Pattern pattern, List<String> lines) {
        return lines.stream().map(pattern::matcher).filter(Matcher::matches).findFirst();
    }

    boolean isDisplayController() {
        return type >> 16 == DISPLAY_CONTROLLER;
    }
}
