package dev.headroom.environment;

import java.util.OptionalDouble;

/** Whether this machine or one of its processes stands still. */
public final class Asleep {
    private Asleep() {}

    /**
     * Seconds by a clock that goes on while the machine sleeps, when {@link System#nanoTime} stands still: on Linux
     * since boot, on macOS the wall clock, which people and network time set too. Empty on Windows, where Java's own
     * goes on.
     */
    public static OptionalDouble seconds() {
        return seconds(Machine.here());
    }

    static OptionalDouble seconds(Machine machine) {
        return switch (machine.os()) {
            case LINUX -> uptime(machine.text("proc/uptime"));
            case MACOS -> OptionalDouble.of(System.currentTimeMillis() / 1e3);
            case WINDOWS, OTHER -> OptionalDouble.empty();
        };
    }

    /** The first number of {@code /proc/uptime} (proc_uptime(5)). */
    static OptionalDouble uptime(String text) {
        String first = text.strip().split(" ", 2)[0];
        return first.matches("[0-9]{1,12}(\\.[0-9]{1,6})?")
                ? OptionalDouble.of(Double.parseDouble(first))
                : OptionalDouble.empty();
    }

    /** Whether a signal has stopped the process; only Linux tells. */
    public static boolean isStopped(ProcessHandle process) {
        return ProcessTime.state(Machine.here().text("proc/" + process.pid() + "/stat"))
                .equals("T");
    }
}
