package dev.headroom.environment;

/** The power supplies of a Linux machine (sysfs-class-power). */
final class Battery {
    private static final String SUPPLIES = "sys/class/power_supply";

    private Battery() {}

    /**
     * Whether the machine runs on battery: one is discharging and no other supply delivers. Batteries of mice and
     * keyboards are ignored.
     */
    static boolean inUse(Machine machine) {
        boolean discharging = false;
        for (String name : machine.names(SUPPLIES)) {
            String folder = SUPPLIES + "/" + name + "/";
            String type = machine.value(folder + "type").orElse("");
            if (type.equals("Battery") && !machine.contains(folder + "scope", "Device")) {
                discharging |= machine.contains(folder + "status", "Discharging");
            } else if ((type.equals("Mains") || type.startsWith("USB")) && machine.contains(folder + "online", "1")) {
                return false;
            }
        }
        return discharging;
    }
}
