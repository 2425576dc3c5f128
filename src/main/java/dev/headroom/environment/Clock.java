package dev.headroom.environment;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How Linux governs the CPUs' clocks (cpufreq), as far as that slows them down.
 *
 * @param saving the setting that keeps clocks low where work does not force them up; empty: there is none
 * @param cap a maximum below what the processor can do; empty: there is none
 */
public record Clock(Optional<String> saving, Optional<Cap> cap) {
    private static final String POLICIES = "sys/devices/system/cpu/cpufreq";

    /**
     * Drivers under which the processor itself chooses the clock: their governor powersave is the ordinary, dynamic
     * one. Under all others it is the lowest clock and nothing else.
     */
    private static final Set<String> AUTONOMOUS = Set.of("intel-pstate", "amd-pstate-epp");

    /** A maximum so near to the processor's is rounding: firmware and driver count in steps of up to 100 MHz. */
    private static final long STEP_MHZ = 100;

    /** The maximum of a CPU in MHz, and what its processor can do. */
    public record Cap(long mhz, long ofMhz) {}

    /** Of processors with several kinds of cores the first setting and the lowest cap count. */
    static Clock of(Machine machine) {
        Optional<String> saving = Optional.empty();
        Optional<Cap> cap = Optional.empty();
        boolean turboOff = machine.text("sys/devices/system/cpu/intel_pstate/no_turbo")
                .strip()
                .equals("1");
        for (String policy : machine.names(POLICIES)) {
            String folder = POLICIES + "/" + policy + "/";
            saving = saving.or(() -> saving(
                    machine.text(folder + "scaling_driver"),
                    machine.text(folder + "scaling_governor"),
                    machine.text(folder + "energy_performance_preference")));
            Optional<Cap> ofPolicy = turboOff
                    ? Optional.empty()
                    : cap(
                            machine.text(folder + "scaling_min_freq"),
                            machine.text(folder + "scaling_max_freq"),
                            machine.text(folder + "cpuinfo_max_freq"));
            if (cap.isEmpty() || (ofPolicy.isPresent() && ofPolicy.get().mhz < cap.get().mhz)) {
                cap = ofPolicy;
            }
        }
        return new Clock(saving, cap);
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
     * Limits in kHz, as cpufreq has them. A clock that is pinned, its minimum at its maximum, is no cap: somebody made
     * it steady on purpose; nor is a turbo that is turned off.
     */
    static Optional<Cap> cap(String minimum, String maximum, String hardware) {
        OptionalLong least = Linux.megahertz(minimum);
        OptionalLong most = Linux.megahertz(maximum);
        OptionalLong could = Linux.megahertz(hardware);
        return most.isPresent()
                        && could.isPresent()
                        && !least.equals(most)
                        && most.getAsLong() < could.getAsLong() - STEP_MHZ
                ? Optional.of(new Cap(most.getAsLong(), could.getAsLong()))
                : Optional.empty();
    }
}
