package dev.headroom.environment;

import java.util.List;
import java.util.OptionalLong;

/**
 * How many processes the kernel has ended so far for want of memory. Linux counts; elsewhere both are empty.
 *
 * @param group in the control group that limits this process, those below it included: {@code oom_kill} in version 2's
 *     {@code memory.events} or version 1's {@code memory.oom_control}
 * @param machine everywhere: {@code oom_kill} in {@code /proc/vmstat}
 */
public record OomKills(OptionalLong group, OptionalLong machine) {
    /** The counts now. */
    public static OomKills now() {
        return now(Machine.here());
    }

    static OomKills now(Machine machine) {
        return new OomKills(
                Cgroup.ofMemory(machine)
                        .map(group -> count(machine.lines(group.folder()
                                .resolve(group.version() == 2 ? "memory.events" : "memory.oom_control")
                                .toString())))
                        .orElse(OptionalLong.empty()),
                count(machine.lines("proc/vmstat")));
    }

    static OptionalLong count(List<String> lines) {
        return Snapshot.field(lines, "oom_kill");
    }

    /** How many more there are than at an earlier time; empty where either was not counted. */
    public OomKills since(OomKills earlier) {
        return new OomKills(difference(group, earlier.group), difference(machine, earlier.machine));
    }

    private static OptionalLong difference(OptionalLong now, OptionalLong earlier) {
        return now.isPresent() && earlier.isPresent()
                ? OptionalLong.of(now.getAsLong() - earlier.getAsLong())
                : OptionalLong.empty();
    }
}
