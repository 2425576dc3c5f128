package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * Options of the command line that replace entries of a plan, as typed. An empty string: not given.
 *
 * @param model {@code --model}
 * @param context {@code --context}
 * @param environment {@code --environment}
 * @param benchmark {@code --benchmark}: a regular expression, found in the simple names of benchmarks
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
    /** No option. */
    public static final Overrides NONE = new Overrides("", "", "", "", List.of(), "", "", "", "");

    /** A longer one may nest so deep that the matcher's stack overflows. */
    private static final int LONGEST_REGEX = 1000;

    public Overrides {
        params = List.copyOf(params);
    }

    /** The entries of the options that were given. */
    List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        add(entries, Parameter.MODEL.key(), model, "--model");
        add(entries, Parameter.CONTEXT_LENGTH.key(), context, "--context");
        add(entries, Parameter.ENVIRONMENT.key(), environment, "--environment");
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
            throw new BadInput("--param " + Entry.quote(param) + " has no key: write key=value, like kvType=q8_0.");
        }
        Entry entry = new Entry(key, param.substring(equals + 1).strip(), "--param");
        if (entry.value().isEmpty()) {
            throw entry.bad(Entry.quote(key) + " has no value", "write key=value");
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
                throw entry.bad(
                        "Key " + Entry.quote(entry.key()) + " occurs twice", "remove it here or in " + other.where());
            }
        }
        entries.add(entry);
    }

    private static String matching(String regex) {
        String option = "--benchmark " + Entry.quote(regex);
        if (regex.length() > LONGEST_REGEX) {
            throw new BadInput(
                    option + " is longer than " + LONGEST_REGEX + " characters: write a shorter regular expression.");
        }
        Pattern pattern;
        try {
            pattern = Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new BadInput(option + " is not a regular expression: " + e.getDescription() + ".", e);
        }
        String names = Benchmark.simpleNames().stream()
                .filter(name -> pattern.matcher(name).find())
                .collect(Collectors.joining(","));
        if (names.isEmpty()) {
            throw new BadInput(option + " matches no benchmark" + NearMatches.hint(regex, Benchmark.simpleNames())
                    + ": choose from " + String.join(", ", Benchmark.simpleNames()) + ".");
        }
        return names;
    }
}
