package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CPU time of a Linux machine since boot (proc_stat(5)). A container sees the times of its host, and other work on the
 * host disturbs measurements too.
 *
 * @param cpus the number of online CPUs
 * @param busySeconds time of all CPUs together that was neither idle nor waiting for I/O; interrupts are included
 * @param stolenSeconds time in which there was work but the hypervisor ran other guests
 * @param ownSeconds time of this process and of its descendants that have ended
 */
public record CpuTime(int cpus, double busySeconds, double stolenSeconds, double ownSeconds) {
    /** Ticks a second of all times in procfs: {@code USER_HZ}, 100 on every architecture that a JVM runs on. */
    static final double TICKS = 100;

    /** user nice system idle iowait irq softirq steal. The guest times that follow are part of user and nice. */
    private static final Pattern ALL = Pattern.compile("cpu " + " +([0-9]{1,16})".repeat(8) + "[ 0-9]*");

    private static final List<Integer> BUSY = List.of(1, 2, 3, 6, 7);
    private static final int STEAL = 8;
    private static final Pattern ONE = Pattern.compile("cpu[0-9]+ .*");

    /**
     * Parses {@code /proc/stat} and {@code /proc/self/stat}. Empty if either is malformed.
     *
     * @param self the text of {@code /proc/self/stat}
     */
    static Optional<CpuTime> parse(List<String> stat, String self) {
        Optional<Long> own = ProcessTime.ticksWithChildren(self);
        int cpus =
                (int) stat.stream().filter(line -> ONE.matcher(line).matches()).count();
        Optional<Matcher> all =
                stat.stream().map(ALL::matcher).filter(Matcher::matches).findFirst();
        if (all.isEmpty() || own.isEmpty() || cpus == 0) {
            return Optional.empty();
        }
        double busy = BUSY.stream()
                .mapToLong(field -> Long.parseLong(all.get().group(field)))
                .sum();
        long stolen = Long.parseLong(all.get().group(STEAL));
        return Optional.of(new CpuTime(cpus, busy / TICKS, stolen / TICKS, own.get() / TICKS));
    }
}
