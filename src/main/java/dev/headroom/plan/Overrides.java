package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * What the command line says instead of the plan, each as typed. An empty string means that the option was not given.
 *
 * @param model {@code --model}
 * @param context {@code --context}
 * @param environment {@code --environment}
 * @param benchmark {@code --benchmark}: a regular expression that is looked for in the simple names of all benchmarks
 * @param params {@code --param}, each {@code key=value}, any key of a plan
 * @param forks {@code --forks}
 * @param warmup {@code --warmup}
 * @param iterations {@code --iterations}
 * @param time {@code --time}
 */
public record Overrides(
        String model,
        String context,
        String environment,
        String benchmark,
        List<String> params,
        String forks,
        String warmup,
        String iterations,
        String time) {
    /** Nothing given. */
    public static final Overrides NONE = new Overrides("", "", "", "", List.of(), "", "", "", "");

    /** Longer ones could nest deeper than a stack. */
    private static final int LONGEST_REGEX = 1000;

    public Overrides {
        params = List.copyOf(params);
    }

    /** The settings of the options that were given. */
    List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        add(entries, "model", model, "--model");
        add(entries, "contextLength", context, "--context");
        add(entries, "environment", environment, "--environment");
        if (!benchmark.isBlank()) {
            add(entries, Plan.BENCHMARKS, matching(benchmark), "--benchmark");
        }
        for (String param : params) {
            if (!param.isBlank()) {
                add(entries, param);
            }
        }
        add(entries, Plan.FORKS, forks, "--forks");
        add(entries, Plan.WARMUP, warmup, "--warmup");
        add(entries, Plan.ITERATIONS, iterations, "--iterations");
        add(entries, Plan.TIME, time, "--time");
        return entries;
    }

    private static void add(List<Entry> entries, String param) {
        int equals = param.indexOf('=');
        String key = param.substring(0, Math.max(equals, 0)).strip();
        if (key.isEmpty()) {
            throw new BadInput("--param " + Entry.quote(param) + " is not key=value, like kvType=q8_0");
        }
        Entry entry = new Entry(key, param.substring(equals + 1).strip(), "--param");
        if (entry.value().isEmpty()) {
            throw entry.bad(Entry.quote(key) + " has no value");
        }
        add(entries, entry);
    }

    private static void add(List<Entry> entries, String key, String value, String option) {
        if (!value.isBlank()) {
            add(entries, new Entry(key, value.strip(), option));
        }
    }

    private static void add(List<Entry> entries, Entry entry) {
        for (Entry other : entries) {
            if (other.key().equals(entry.key())) {
                throw entry.bad(Entry.quote(entry.key()) + " is given by " + other.where() + " already, keep one");
            }
        }
        entries.add(entry);
    }

    private static String matching(String regex) {
        if (regex.length() > LONGEST_REGEX) {
            throw new BadInput("--benchmark: " + Entry.quote(regex) + " is longer than " + LONGEST_REGEX
                    + " characters; write a shorter regular expression");
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new BadInput(
                    "--benchmark: " + Entry.quote(regex) + " is not a regular expression: " + e.getDescription(), e);
        }
        String names = Benchmark.simpleNames().stream()
                .filter(name -> pattern.matcher(name).find())
                .collect(Collectors.joining(","));
        if (names.isEmpty()) {
            throw new BadInput("--benchmark: " + Entry.quote(regex) + " matches no benchmark"
                    + NearMatches.hint(regex, Benchmark.simpleNames()) + "; there are "
                    + String.join(", ", Benchmark.simpleNames()));
        }
        return names;
    }
}
