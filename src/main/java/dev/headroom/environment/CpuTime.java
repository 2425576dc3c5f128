package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the time of a Linux machine's CPUs went since it was booted (proc_stat(5)). In a container it is the host's:
 * what runs beside the container disturbs too.
 *
 * @param cpus that are online
 * @param busySeconds that all CPUs together spent on anything but idling and waiting, interrupts included
 * @param stolenSeconds that a hypervisor gave to others while there was something to do
 * @param ownSeconds of this process and of those of its children, and of theirs, that have ended
 */
public record CpuTime(int cpus, double busySeconds, double stolenSeconds, double ownSeconds) {
    /** Ticks a second of all times in procfs: {@code USER_HZ}, 100 on every architecture that a JVM runs on. */
    static final double TICKS = 100;

    /** user nice system idle iowait irq softirq steal. Guests, which follow, are in user and nice already. */
    private static final Pattern ALL = Pattern.compile("cpu " + " +([0-9]{1,16})".repeat(8) + "[ 0-9]*");

    private static final List<Integer> BUSY = List.of(1, 2, 3, 6, 7);
    private static final int STEAL = 8;
    private static final Pattern ONE = Pattern.compile("cpu[0-9]+ .*");

    /** Empty where one of the texts is none of the kind. */
    static Optional<CpuTime> parse(List<String> stat, String self) {
        OptionalLong own = ProcessTime.ticksWithChildren(self);
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
        return Optional.of(new CpuTime(cpus, busy / TICKS, stolen / TICKS, own.getAsLong() / TICKS));
    }
}
