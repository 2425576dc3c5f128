package dev.headroom.environment;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * CPU time of a Linux process, from {@code /proc/<pid>/stat} (proc_pid_stat(5)).
 *
 * @param name of its command, at most 15 characters; what is no printable character is a question mark
 * @param started ticks after the boot: tells a process from a later one of the same number
 * @param seconds of CPU time, without its children's
 */
public record ProcessTime(String name, long started, double seconds) {
    /** Among the fields behind the name, from 0: the third of all is the first of these. */
    private static final int UTIME = 14 - 3;

    private static final int STIME = 15 - 3;
    private static final int CUTIME = 16 - 3;
    private static final int CSTIME = 17 - 3;
    private static final int STARTTIME = 22 - 3;
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[^\\p{L}\\p{N}\\p{P}\\p{S} ]");

    static Optional<ProcessTime> parse(String stat) {
        int open = stat.indexOf('(');
        int close = stat.lastIndexOf(')'); // a name may have brackets, spaces and line ends of its own
        OptionalLong ticks = sum(stat, UTIME, STIME);
        OptionalLong started = sum(stat, STARTTIME);
        if (open < 0 || close < open || ticks.isEmpty() || started.isEmpty()) {
            return Optional.empty();
        }
        String name = NOT_PRINTABLE.matcher(stat.substring(open + 1, close)).replaceAll("?");
        return Optional.of(new ProcessTime(name, started.getAsLong(), ticks.getAsLong() / CpuTime.TICKS));
    }

    /** Of the process and of those children, and theirs, that have ended and were waited for. */
    static OptionalLong ticksWithChildren(String stat) {
        return sum(stat, UTIME, STIME, CUTIME, CSTIME);
    }

    /** Of the process, one letter: T where a signal has stopped it; empty where the text is none of the kind. */
    static String state(String stat) {
        return fields(stat)[0];
    }

    private static String[] fields(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    }

    private static OptionalLong sum(String stat, int... indices) {
        String[] fields = fields(stat);
        long sum = 0;
        for (int index : indices) {
            OptionalLong field = index < fields.length ? Snapshot.number(fields[index]) : OptionalLong.empty();
            if (field.isEmpty()) {
                return field;
            }
            sum += field.getAsLong();
        }
        return OptionalLong.of(sum);
    }

    /**
     * CPU time by command between two moments, largest first.
     *
     * @param own the process that is not meant
     */
    public static Map<String, Double> secondsByName(
            Map<Long, ProcessTime> before, Map<Long, ProcessTime> after, long own) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        after.forEach((pid, now) -> {
            ProcessTime then = before.get(pid);
            double since = then != null && then.started == now.started ? now.seconds - then.seconds : now.seconds;
            if (pid != own && since > 0) {
                seconds.merge(now.name, since, Double::sum);
            }
        });
        Map<String, Double> sorted = new LinkedHashMap<>();
        List<Map.Entry<String, Double>> entries = seconds.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .toList();
        entries.forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted;
    }
}
