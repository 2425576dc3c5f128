package dev.headroom.environment;

import java.util.OptionalDouble;

/** Detects a suspended machine and a stopped process. */
public final class Suspension {
    private Suspension() {}

    /**
     * Reads a clock, in seconds, that goes on while the machine sleeps and {@link System#nanoTime} stands still.
     *
     * <p>On Linux it is the time since boot. On macOS it is the wall clock, which users and network time also set.
     * Empty on Windows, where {@code nanoTime} itself goes on during sleep.
     */
    public static OptionalDouble secondsIncludingSleep() {
        Machine machine = Machine.here();
        return switch (machine.os()) {
            case LINUX -> uptime(machine.text("proc/uptime"));
            case MACOS -> OptionalDouble.of(System.currentTimeMillis() / 1e3);
            case WINDOWS, OTHER -> OptionalDouble.empty();
        };
    }

    /** Parses the first number of {@code /proc/uptime} (proc_uptime(5)). */
    static OptionalDouble uptime(String text) {
        String first = text.strip().split(" ", 2)[0];
        return first.matches("[0-9]{1,12}(\\.[0-9]{1,6})?")
                ? OptionalDouble.of(Double.parseDouble(first))
                : OptionalDouble.empty();
    }

    /** Whether a signal has stopped the process. Always false on systems other than Linux. */
    public static boolean isStopped(ProcessHandle process) {
        return ProcessTime.state(Machine.here().text("proc/" + process.pid() + "/stat"))
                .equals("T");
    }
}
