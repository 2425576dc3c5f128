package dev.headroom.environment;

import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of Linux's cpufreq that slow the CPUs down.
 *
 * @param saving a setting that keeps clocks low while there is little work, or null
 * @param cap a maximum below what the processor can do, or null
 */
public record Clock(@Nullable String saving, @Nullable Cap cap) {
    private static final String POLICIES = "sys/devices/system/cpu/cpufreq";

    /**
     * Drivers under which the processor chooses its clock. There the governor powersave is the normal, dynamic one.
     * Under all other drivers it means the lowest clock.
     */
    private static final Set<String> AUTONOMOUS = Set.of("intel-pstate", "amd-pstate-epp");

    /** Smaller gaps to the processor's maximum are rounding: firmware and driver count in steps of up to 100 MHz. */
    private static final long STEP_MHZ = 100;

    /** The maximum of a CPU in MHz, and what its processor can do. */
    public record Cap(long mhz, long ofMhz) {}

    /** Reads all policies. If kinds of cores differ, the first power-saving setting and the lowest cap count. */
    static Clock of(Machine machine) {
        Optional<String> saving = Optional.empty();
        Cap lowest = null;
        boolean turboOff = machine.contains("sys/devices/system/cpu/intel_pstate/no_turbo", "1");
        for (String policy : machine.names(POLICIES)) {
            String folder = POLICIES + "/" + policy + "/";
            saving = saving.or(() -> saving(
                    machine.text(folder + "scaling_driver"),
                    machine.text(folder + "scaling_governor"),
                    machine.text(folder + "energy_performance_preference")));
            Optional<Cap> cap = turboOff
                    ? Optional.empty()
                    : cap(
                            machine.text(folder + "scaling_min_freq"),
                            machine.text(folder + "scaling_max_freq"),
                            machine.text(folder + "cpuinfo_max_freq"));
            if (lowest == null || (cap.isPresent() && cap.get().mhz < lowest.mhz)) {
                lowest = cap.orElse(null);
            }
        }
        return new Clock(saving.orElse(null), lowest);
    }

    static Optional<String> saving(String driver, String governor, String preference) {
        boolean autonomous = AUTONOMOUS.contains(driver.strip().replace('_', '-')); // both spellings are in use
        if (governor.strip().equals("powersave") && !autonomous) {
            return Optional.of("governor powersave");
        }
        return autonomous && preference.strip().equals("power")
                ? Optional.of("energy_performance_preference power")
                : Optional.empty();
    }

    /**
     * Finds a cap in cpufreq's limits, which are in kHz. A clock whose minimum equals its maximum is not capped: it was
     * made steady on purpose. A turbo that is turned off is no cap either.
     */
    static Optional<Cap> cap(String minimum, String maximum, String hardware) {
        Optional<Long> least = Linux.megahertz(minimum);
        Optional<Long> most = Linux.megahertz(maximum);
        Optional<Long> possible = Linux.megahertz(hardware);
        return most.isPresent() && possible.isPresent() && !least.equals(most) && most.get() < possible.get() - STEP_MHZ
                ? Optional.of(new Cap(most.get(), possible.get()))
                : Optional.empty();
    }
}
