package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What to run: benchmarks, parameters and settings. Its keys are {@code description}, {@code benchmarks} (simple names;
 * absent: all), those of {@link Parameter}, and those of {@link Settings}. All but the first two can also be given for
 * one benchmark, as {@code TimeToFirstToken.iterations}. Every instance is valid.
 *
 * @param name in {@code [A-Za-z0-9._-]}
 * @param entries its keys with their values, each key once
 */
public record Plan(String name, List<Entry> entries) {
    static final String BENCHMARKS = "benchmarks";
    static final String FORKS = "forks";
    static final String WARMUP = "warmup";
    static final String ITERATIONS = "iterations";
    static final String TIME = "time";
    private static final String DESCRIPTION = "description";
    private static final String SAMPLING = "sampling";
    private static final String TIME_LIMIT = "timeLimit";
    private static final String STALL_LIMIT = "stallLimit";

    /** The keys of {@link Settings}. */
    static final List<String> SETTINGS = List.of(FORKS, WARMUP, ITERATIONS, TIME, SAMPLING, TIME_LIMIT, STALL_LIMIT);

    /** A larger plan is a mistake in a comma list: at a minute a cell, it takes a week. */
    private static final int MOST_CELLS = 10_000;

    private static final int LONGEST_ID = 180;
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Set<String> KEYS = keys();

    public Plan {
        entries = List.copyOf(entries);
        entries.forEach(Plan::checkKey);
        cells(entries);
    }

    /**
     * Reads a plan.
     *
     * @param where the file, for messages
     * @param text in the syntax of Java's properties
     */
    public static Plan parse(String name, String where, String text) {
        return new Plan(name, List.copyOf(PropertiesText.entries(where, text).values()));
    }

    /**
     * This plan with some entries replaced. An override for all benchmarks also replaces the entries for one benchmark.
     */
    public Plan with(Overrides overrides) {
        List<Entry> given = new ArrayList<>(overrides.entries());
        given.sort(Comparator.comparing(entry -> entry.key().contains("."))); // entries for all benchmarks first
        List<Entry> changed = new ArrayList<>(entries);
        for (Entry override : given) {
            changed.removeIf(entry -> isFor(override.key(), entry));
            changed.add(override);
        }
        return new Plan(name, changed);
    }

    /** Whether an entry gives the value of a key, for all benchmarks or for one. */
    private static boolean isFor(String key, Entry entry) {
        return entry.key().equals(key) || entry.key().endsWith("." + key);
    }

    /** This plan with absolute paths of model files, for a process with another working directory. */
    public Plan anywhere() {
        return withModelFiles(file -> Path.of(file).toAbsolutePath().normalize().toString());
    }

    /** This plan with the paths of model files changed. */
    public Plan withModelFiles(UnaryOperator<String> change) {
        return new Plan(
                name,
                entries.stream()
                        .map(entry -> isFor(Parameter.MODEL.key(), entry)
                                ? entry.with(model -> withFile(model, change))
                                : entry)
                        .toList());
    }

    private static String withFile(String model, UnaryOperator<String> change) {
        ModelName name = new ModelName(model);
        return name.isFile() ? change.apply(name.file().toString()) : model;
    }

    /** What the plan is for. */
    public Optional<String> description() {
        return entries.stream()
                .filter(entry -> entry.key().equals(DESCRIPTION))
                .map(Entry::value)
                .findFirst();
    }

    /** Every benchmark with every combination of its parameters' values. */
    public List<Cell> cells() {
        return cells(entries);
    }

    private static List<Cell> cells(List<Entry> entries) {
        Map<String, Entry> byKey = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (byKey.put(entry.key(), entry) != null) {
                throw entry.bad("Key " + Entry.quote(entry.key()) + " occurs twice", "remove one");
            }
        }
        for (Benchmark benchmark : Benchmark.values()) { // also those that this plan does not run
            settings(byKey, benchmark);
            values(byKey, benchmark);
        }
        List<Cell> cells = new ArrayList<>();
        for (Benchmark benchmark : benchmarks(byKey)) {
            cells.addAll(cells(byKey, benchmark));
            if (cells.size() > MOST_CELLS) {
                throw tooMany(entries);
            }
        }
        checkModels(byKey, cells);
        return withUniqueIds(cells);
    }

    private static List<Cell> cells(Map<String, Entry> byKey, Benchmark benchmark) {
        Map<Parameter<?>, List<?>> values = values(byKey, benchmark);
        List<Map<Parameter<?>, Object>> combinations = List.of(Map.of());
        for (Map.Entry<Parameter<?>, List<?>> sweep : values.entrySet()) {
            if ((long) combinations.size() * sweep.getValue().size() > MOST_CELLS) {
                throw tooMany(byKey.values());
            }
            List<Map<Parameter<?>, Object>> longer = new ArrayList<>();
            for (Map<Parameter<?>, Object> combination : combinations) {
                for (Object value : sweep.getValue()) {
                    Map<Parameter<?>, Object> with = new LinkedHashMap<>(combination);
                    with.put(sweep.getKey(), value);
                    longer.add(with);
                }
            }
            combinations = longer;
        }
        Settings settings = settings(byKey, benchmark);
        return combinations.stream()
                .map(combination -> new Cell(id(benchmark, values, combination), benchmark, combination, settings))
                .toList();
    }

    private static String id(
            Benchmark benchmark, Map<Parameter<?>, List<?>> values, Map<Parameter<?>, Object> combination) {
        StringBuilder id = new StringBuilder(benchmark.simpleName());
        combination.forEach((parameter, value) -> {
            if (parameter == Parameter.MODEL || parameter == Parameter.CONTEXT_LENGTH) {
                id.append('-').append(Parameter.text(value));
            } else if (values.getOrDefault(parameter, List.of()).size() > 1 || !value.equals(parameter.byDefault())) {
                id.append('-').append(parameter.key()).append('_').append(Parameter.text(value));
            }
        });
        return id.toString();
    }

    private static List<Benchmark> benchmarks(Map<String, Entry> byKey) {
        Entry entry = byKey.get(BENCHMARKS);
        if (entry == null) {
            return List.of(Benchmark.values());
        }
        List<String> names = entry.elements();
        names.forEach(name -> entry.oneOf(name, Benchmark.simpleNames()));
        if (new HashSet<>(names).size() < names.size()) {
            throw entry.bad(BENCHMARKS + " has a name twice", "remove one");
        }
        return names.stream().map(Benchmark::named).flatMap(Optional::stream).toList();
    }

    private static Map<Parameter<?>, List<?>> values(Map<String, Entry> byKey, Benchmark benchmark) {
        Map<Parameter<?>, List<?>> values = new LinkedHashMap<>();
        benchmark.parameters().forEach(parameter -> values.put(parameter, values(byKey, benchmark, parameter)));
        if (values.containsKey(Parameter.UBATCH)) {
            checkBatch(byKey, benchmark);
        }
        return values;
    }

    private static <T> List<T> values(Map<String, Entry> byKey, Benchmark benchmark, Parameter<T> parameter) {
        return find(byKey, benchmark, parameter.key()).map(parameter::values).orElse(List.of(parameter.byDefault()));
    }

    private static Settings settings(Map<String, Entry> byKey, Benchmark benchmark) {
        return new Settings(
                number(byKey, benchmark, FORKS, 1, 1000).orElse(3),
                number(byKey, benchmark, WARMUP, 0, 100_000).orElse(2),
                number(byKey, benchmark, ITERATIONS, 1, 100_000).orElse(5),
                time(byKey, benchmark, TIME, MILLISECOND, HOUR).orElse(SECOND),
                time(byKey, benchmark, SAMPLING, MILLISECOND, SECOND).orElse(null),
                time(byKey, benchmark, TIME_LIMIT, SECOND, WEEK).orElse(null),
                time(byKey, benchmark, STALL_LIMIT, SECOND, WEEK).orElse(null));
    }

    private static Optional<Integer> number(
            Map<String, Entry> byKey, Benchmark benchmark, String key, int least, int most) {
        return find(byKey, benchmark, key).map(entry -> entry.integer(entry.value(), least, most));
    }

    private static Optional<Duration> time(
            Map<String, Entry> byKey, Benchmark benchmark, String key, Duration shortest, Duration longest) {
        return find(byKey, benchmark, key).map(entry -> entry.time(shortest, longest));
    }

    private static Optional<Entry> find(Map<String, Entry> byKey, Benchmark benchmark, String key) {
        return Optional.ofNullable(byKey.get(benchmark.simpleName() + "." + key))
                .or(() -> Optional.ofNullable(byKey.get(key)));
    }

    private static void checkKey(Entry entry) {
        if (KEYS.contains(entry.key())) {
            return;
        }
        for (Benchmark benchmark : Benchmark.values()) {
            String of = benchmark.simpleName() + ".";
            if (entry.key().equals(of + TIME)) {
                throw entry.bad(
                        entry.key() + " has no effect, as " + benchmark.simpleName() + " is a single shot",
                        "use " + of + ITERATIONS);
            }
            for (Parameter<?> parameter : Parameter.all()) {
                if (entry.key().equals(of + parameter)) {
                    throw entry.bad(
                            benchmark.simpleName() + " has no parameter " + parameter,
                            "use only " + joined(benchmark.parameters()));
                }
            }
        }
        throw entry.bad(
                "Unknown key " + Entry.quote(entry.key()),
                "choose one of "
                        + joined(KEYS.stream().filter(key -> !key.contains(".")).toList())
                        + NearMatches.hint(entry.key(), KEYS));
    }

    private static String joined(Collection<?> all) {
        return String.join(", ", all.stream().map(Object::toString).toList());
    }

    private static void checkBatch(Map<String, Entry> byKey, Benchmark benchmark) {
        int ubatch = Collections.max(values(byKey, benchmark, Parameter.UBATCH));
        int batch = Collections.min(values(byKey, benchmark, Parameter.BATCH));
        if (ubatch > batch) {
            throw find(byKey, benchmark, Parameter.UBATCH.key())
                    .or(() -> find(byKey, benchmark, Parameter.BATCH.key()))
                    .orElseThrow()
                    .bad("ubatch " + ubatch + " is larger than batch " + batch, "set both");
        }
    }

    /** Two files of one name would be one model in the results, and one file on systems that ignore letter case. */
    private static void checkModels(Map<String, Entry> byKey, List<Cell> cells) {
        Map<String, ModelName> seen = new HashMap<>();
        for (Cell cell : cells) {
            cell.model().ifPresent(model -> {
                ModelName other = seen.putIfAbsent(model.id().toLowerCase(Locale.ROOT), model);
                if (other != null && !other.equals(model)) {
                    throw find(byKey, cell.benchmark(), Parameter.MODEL.key())
                            .orElseThrow()
                            .bad(
                                    "Models " + Entry.quote(other.text()) + " and " + Entry.quote(model.text())
                                            + " have the same name in results, " + model.id(),
                                    "rename one");
                }
            });
        }
    }

    private static List<Cell> withUniqueIds(List<Cell> cells) {
        Set<String> taken = new HashSet<>();
        List<Cell> unique = new ArrayList<>();
        for (Cell cell : cells) {
            String id = cell.id();
            if (id.length() > LONGEST_ID) {
                id = id.substring(0, LONGEST_ID) + String.format(Locale.ROOT, "-%08x", id.hashCode());
            }
            String base = id;
            for (int n = 2; !taken.add(id.toLowerCase(Locale.ROOT)); n++) {
                id = base + "." + n;
            }
            unique.add(new Cell(id, cell.benchmark(), cell.values(), cell.settings()));
        }
        return List.copyOf(unique);
    }

    private static BadInput tooMany(Collection<Entry> entries) {
        Entry longest = entries.stream()
                .max(Comparator.comparingInt(entry -> entry.value().length()))
                .orElseThrow();
        return longest.bad(
                "The plan has more than " + MOST_CELLS + " cells", "shorten its lists, " + longest.key() + " first");
    }

    private static Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>(List.of(DESCRIPTION, BENCHMARKS));
        Parameter.all().forEach(parameter -> keys.add(parameter.key()));
        keys.addAll(SETTINGS);
        for (Benchmark benchmark : Benchmark.values()) {
            Stream.concat(benchmark.parameters().stream().map(Parameter::key), SETTINGS.stream())
                    .filter(key -> !key.equals(TIME) || !benchmark.isSingleShot())
                    .forEach(key -> keys.add(benchmark.simpleName() + "." + key));
        }
        return keys;
    }
}
