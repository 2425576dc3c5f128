package dev.headroom.environment;

/** What feeds a Linux machine (sysfs-class-power). */
final class Battery {
    private static final String SUPPLIES = "sys/class/power_supply";

    private Battery() {}

    /**
     * Whether a battery is being discharged and nothing else delivers. Batteries of mice and keyboards feed no machine.
     */
    static boolean feeds(Machine machine) {
        boolean discharging = false;
        for (String name : machine.names(SUPPLIES)) {
            String folder = SUPPLIES + "/" + name + "/";
            String type = machine.text(folder + "type").strip();
            boolean ofDevice = machine.text(folder + "scope").strip().equals("Device");
            if (type.equals("Battery") && !ofDevice) {
                discharging |= machine.text(folder + "status").strip().equals("Discharging");
            } else if ((type.equals("Mains") || type.startsWith("USB"))
                    && machine.text(folder + "online").strip().equals("1")) {
                return false;
            }
        }
        return discharging;
    }
}
