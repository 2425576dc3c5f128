package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The number of processes that the kernel has killed because memory ran out. Both counts are null outside Linux.
 *
 * @param group kills in the control group that limits this process, and in groups below it: {@code oom_kill} in
 *     {@code memory.events} (version 2) or {@code memory.oom_control} (version 1)
 * @param machine kills on the whole machine: {@code oom_kill} in {@code /proc/vmstat}
 */
public record OomKills(@Nullable Long group, @Nullable Long machine) {
    /** Reads the current counts. */
    public static OomKills now() {
        Machine machine = Machine.here();
        return new OomKills(
                Cgroup.ofMemory(machine)
                        .flatMap(group -> count(machine.lines(group.folder()
                                .resolve(group.version() == 2 ? "memory.events" : "memory.oom_control")
                                .toString())))
                        .orElse(null),
                count(machine.lines("proc/vmstat")).orElse(null));
    }

    static Optional<Long> count(List<String> lines) {
        return Numbers.field(lines, "oom_kill");
    }

    /** The increase since an earlier time. A count is null if either of the two is. */
    public OomKills since(OomKills earlier) {
        return new OomKills(difference(group, earlier.group), difference(machine, earlier.machine));
    }

    private static @Nullable Long difference(@Nullable Long now, @Nullable Long earlier) {
        return now == null || earlier == null ? null : now - earlier;
    }
}
