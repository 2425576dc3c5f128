package dev.headroom.environment;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * CPU time of a Linux process, from {@code /proc/<pid>/stat} (proc_pid_stat(5)).
 *
 * @param name the name of its command, at most 15 characters; unprintable characters are replaced by {@code ?}
 * @param started the start time in ticks after boot; it distinguishes processes that had the same id
 * @param seconds CPU time, without that of its children
 */
public record ProcessTime(String name, long started, double seconds) {
    /** Indices into the fields behind the name. The first of these is field 3 of the manual page. */
    private static final int UTIME = 14 - 3;

    private static final int STIME = 15 - 3;
    private static final int CUTIME = 16 - 3;
    private static final int CSTIME = 17 - 3;
    private static final int STARTTIME = 22 - 3;
    private static final Pattern NOT_PRINTABLE = Pattern.compile("[^\\p{L}\\p{N}\\p{P}\\p{S} ]");

    static Optional<ProcessTime> parse(String stat) {
        int open = stat.indexOf('(');
        int close = stat.lastIndexOf(')'); // a name may itself contain brackets, blanks and line ends
        Optional<Long> ticks = sum(stat, UTIME, STIME);
        Optional<Long> started = sum(stat, STARTTIME);
        if (open < 0 || close < open || ticks.isEmpty() || started.isEmpty()) {
            return Optional.empty();
        }
        String name = NOT_PRINTABLE.matcher(stat.substring(open + 1, close)).replaceAll("?");
        return Optional.of(new ProcessTime(name, started.get(), ticks.get() / CpuTime.TICKS));
    }

    /** CPU ticks of the process and of all descendants that have ended and were waited for. */
    static Optional<Long> ticksWithChildren(String stat) {
        return sum(stat, UTIME, STIME, CUTIME, CSTIME);
    }

    /** The state of the process as one letter: T if a signal has stopped it. Empty if the text is malformed. */
    static String state(String stat) {
        return fields(stat)[0];
    }

    private static String[] fields(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
    }

    private static Optional<Long> sum(String stat, int... indices) {
        String[] fields = fields(stat);
        long sum = 0;
        for (int index : indices) {
            Optional<Long> field = index < fields.length ? Numbers.parse(fields[index]) : Optional.empty();
            if (field.isEmpty()) {
                return field;
            }
            sum += field.get();
        }
        return Optional.of(sum);
    }

    /**
     * CPU seconds of each command between two moments, largest first.
     *
     * @param before the processes at the first moment, by id
     * @param after the processes at the second moment, by id
     * @param own the id of a process that is left out
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
