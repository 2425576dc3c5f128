package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What to run: benchmarks, models, context lengths, environments and settings. Keys are {@code description},
 * {@code benchmarks} (simple names, all by default), those of {@link Parameter}, and {@code forks}, {@code warmup},
 * {@code iterations}, {@code time}, {@code sampling}, {@code timeLimit}, {@code stallLimit}; all but the first two also
 * for one benchmark alone, as {@code TimeToFirstToken.iterations}. See {@link Settings} for ranges. A plan that exists
 * is valid.
 *
 * @param name in {@code [A-Za-z0-9._-]}
 * @param entries the settings, no key twice
 */
public record Plan(String name, List<Entry> entries) {
    static final String DESCRIPTION = "description";
    static final String BENCHMARKS = "benchmarks";
    static final String FORKS = "forks";
    static final String WARMUP = "warmup";
    static final String ITERATIONS = "iterations";
    static final String TIME = "time";
    static final String SAMPLING = "sampling";
    static final String TIME_LIMIT = "timeLimit";
    static final String STALL_LIMIT = "stallLimit";

    /** More cells than this are a slip in a comma list, not a plan: at a minute a cell it is a week. */
    private static final int MOST_CELLS = 10_000;

    private static final int LONGEST_ID = 180;
    private static final Pattern TIME_SYNTAX = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final Set<String> KEYS = keys();

    public Plan {
        entries = List.copyOf(entries);
        for (Entry entry : entries) {
            checkKey(entry);
        }
        cells(entries);
    }

    /**
     * Reads a plan.
     *
     * @param where the file, for messages
     * @param text Java properties syntax
     */
    public static Plan parse(String name, String where, String text) {
        return new Plan(name, PropertiesText.entries(where, text));
    }

    /**
     * This plan with some settings replaced; what is replaced for all also replaces what was said for one benchmark.
     */
    public Plan with(Overrides overrides) {
        List<Entry> given = new ArrayList<>(overrides.entries());
        given.sort(Comparator.comparing(entry -> entry.key().contains("."))); // what holds for all first
        List<Entry> changed = new ArrayList<>(entries);
        for (Entry override : given) {
            changed.removeIf(
                    entry -> entry.key().equals(override.key()) || entry.key().endsWith("." + override.key()));
            changed.add(override);
        }
        return new Plan(name, changed);
    }

    /** The same plan for a reader who is elsewhere: model files by their absolute paths. */
    public Plan anywhere() {
        return withModelFiles(file -> Path.of(file).toAbsolutePath().normalize().toString());
    }

    /** The same plan with the paths of model files changed. */
    public Plan withModelFiles(UnaryOperator<String> change) {
        return new Plan(
                name,
                entries.stream()
                        .map(entry -> entry.key().equals(Parameter.MODEL.key())
                                        || entry.key().endsWith("." + Parameter.MODEL.key())
                                ? entry.with(model -> withFile(model, change))
                                : entry)
                        .toList());
    }

    private static String withFile(String model, UnaryOperator<String> change) {
        ModelName name = new ModelName(model);
        return name.isFile() ? change.apply(name.file().toString()) : model;
    }

    /** What the plan is for; empty where it does not say. */
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
                throw entry.bad("key " + Entry.quote(entry.key()) + " is there twice, keep one");
            }
        }
        for (Benchmark benchmark : Benchmark.values()) {
            // also of benchmarks that this plan does not run: a typing error should not lie in wait
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
        Map<Parameter, List<String>> values = values(byKey, benchmark);
        List<Map<Parameter, String>> combinations = List.of(Map.of());
        for (Map.Entry<Parameter, List<String>> sweep : values.entrySet()) {
            if ((long) combinations.size() * sweep.getValue().size() > MOST_CELLS) {
                throw tooMany(byKey.values());
            }
            List<Map<Parameter, String>> longer = new ArrayList<>();
            for (Map<Parameter, String> combination : combinations) {
                for (String value : sweep.getValue()) {
                    Map<Parameter, String> with = new LinkedHashMap<>(combination);
                    with.put(sweep.getKey(), value);
                    longer.add(with);
                }
            }
            combinations = longer;
        }
        Settings settings = settings(byKey, benchmark);
        return combinations.stream()
                .map(combination -> cell(benchmark, values, combination, settings))
                .toList();
    }

    private static Cell cell(
            Benchmark benchmark,
            Map<Parameter, List<String>> values,
            Map<Parameter, String> combination,
            Settings settings) {
        Optional<ModelName> model =
                Optional.ofNullable(combination.get(Parameter.MODEL)).map(ModelName::new);
        StringBuilder id = new StringBuilder(benchmark.simpleName());
        Map<String, String> parameters = new LinkedHashMap<>();
        combination.forEach((parameter, value) -> {
            String shown = parameter == Parameter.MODEL ? model.orElseThrow().id() : value;
            parameters.put(parameter.key(), shown);
            if (parameter == Parameter.MODEL || parameter == Parameter.CONTEXT_LENGTH) {
                id.append('-').append(shown);
            } else if (values.getOrDefault(parameter, List.of()).size() > 1 || !value.equals(parameter.byDefault())) {
                id.append('-').append(parameter.key()).append('_').append(shown);
            }
        });
        return new Cell(id.toString(), benchmark, model, parameters, settings);
    }

    private static List<Benchmark> benchmarks(Map<String, Entry> byKey) {
        Entry entry = byKey.get(BENCHMARKS);
        if (entry == null) {
            return List.of(Benchmark.values());
        }
        List<String> names = entry.elements();
        names.forEach(name -> entry.oneOf(name, Benchmark.simpleNames()));
        if (new HashSet<>(names).size() < names.size()) {
            throw entry.bad(BENCHMARKS + " has a name twice");
        }
        return names.stream().map(Benchmark::named).flatMap(Optional::stream).toList();
    }

    private static Map<Parameter, List<String>> values(Map<String, Entry> byKey, Benchmark benchmark) {
        Map<Parameter, List<String>> values = new LinkedHashMap<>();
        for (Parameter parameter : benchmark.parameters()) {
            values.put(
                    parameter,
                    find(byKey, benchmark, parameter.key())
                            .map(parameter::values)
                            .orElse(List.of(parameter.byDefault())));
        }
        checkBatch(byKey, benchmark, values);
        return values;
    }

    private static Settings settings(Map<String, Entry> byKey, Benchmark benchmark) {
        return new Settings(
                find(byKey, benchmark, FORKS)
                        .map(e -> e.integer(e.value(), 1, 1000))
                        .orElse(3),
                find(byKey, benchmark, WARMUP)
                        .map(e -> e.integer(e.value(), 0, 100_000))
                        .orElse(2),
                find(byKey, benchmark, ITERATIONS)
                        .map(e -> e.integer(e.value(), 1, 100_000))
                        .orElse(5),
                find(byKey, benchmark, TIME)
                        .map(e -> time(e, Duration.ofMillis(1), Duration.ofHours(1), "300ms, 2s or 1m"))
                        .orElse(Duration.ofSeconds(1)),
                find(byKey, benchmark, SAMPLING).map(e -> time(e, Duration.ofMillis(1), Duration.ofSeconds(1), "10ms")),
                find(byKey, benchmark, TIME_LIMIT).map(Plan::limit),
                find(byKey, benchmark, STALL_LIMIT).map(Plan::limit));
    }

    private static Duration limit(Entry entry) {
        return time(entry, Duration.ofSeconds(1), Duration.ofDays(7), "10m or 2h");
    }

    private static Duration time(Entry entry, Duration shortest, Duration longest, String like) {
        Matcher matcher = TIME_SYNTAX.matcher(entry.value());
        if (matcher.matches()) {
            long amount = Long.parseLong(matcher.group(1));
            Duration time =
                    switch (matcher.group(2)) {
                        case "ms" -> Duration.ofMillis(amount);
                        case "s" -> Duration.ofSeconds(amount);
                        case "m" -> Duration.ofMinutes(amount);
                        default -> Duration.ofHours(amount);
                    };
            if (time.compareTo(shortest) >= 0 && time.compareTo(longest) <= 0) {
                return time;
            }
        }
        throw entry.bad(entry.key() + " " + Entry.quote(entry.value()) + " is not a time from " + text(shortest)
                + " to " + text(longest) + ", like " + like);
    }

    private static String text(Duration time) {
        return time.toHours() > 0
                ? time.toHours() + "h"
                : time.toSeconds() > 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
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
                throw entry.bad(entry.key() + " means nothing, " + benchmark.simpleName() + " is a single shot; use "
                        + of + ITERATIONS);
            }
            for (Parameter parameter : Parameter.values()) {
                if (entry.key().equals(of + parameter.key())) {
                    throw entry.bad(benchmark.simpleName() + " has no parameter " + parameter.key() + ", only "
                            + String.join(
                                    ", ",
                                    benchmark.parameters().stream()
                                            .map(Parameter::key)
                                            .toList()));
                }
            }
        }
        String hint = NearMatches.hint(entry.key(), KEYS);
        throw entry.bad("unknown key " + Entry.quote(entry.key())
                + (hint.isEmpty()
                        ? "; the keys are "
                                + String.join(
                                        ", ",
                                        KEYS.stream()
                                                .filter(key -> !key.contains("."))
                                                .toList())
                        : hint));
    }

    private static void checkBatch(Map<String, Entry> byKey, Benchmark benchmark, Map<Parameter, List<String>> values) {
        int ubatch = values.getOrDefault(Parameter.UBATCH, List.of()).stream()
                .mapToInt(Integer::parseInt)
                .max()
                .orElse(0);
        int batch = values.getOrDefault(Parameter.BATCH, List.of()).stream()
                .mapToInt(Integer::parseInt)
                .min()
                .orElse(Integer.MAX_VALUE);
        if (ubatch > batch) {
            throw find(byKey, benchmark, Parameter.UBATCH.key())
                    .or(() -> find(byKey, benchmark, Parameter.BATCH.key()))
                    .orElseThrow()
                    .bad("ubatch " + ubatch + " is larger than batch " + batch + "; it is a part of it, set both");
        }
    }

    /** Two files of one name would be one model in the results, and one file on systems without letter case. */
    private static void checkModels(Map<String, Entry> byKey, List<Cell> cells) {
        Map<String, ModelName> seen = new HashMap<>();
        for (Cell cell : cells) {
            cell.model().ifPresent(model -> {
                ModelName other = seen.putIfAbsent(model.id().toLowerCase(Locale.ROOT), model);
                if (other != null && !other.equals(model)) {
                    throw find(byKey, cell.benchmark(), Parameter.MODEL.key())
                            .orElseThrow()
                            .bad("models " + Entry.quote(other.text()) + " and " + Entry.quote(model.text())
                                    + " would both be called " + model.id() + " in the results; rename one");
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
            unique.add(new Cell(id, cell.benchmark(), cell.model(), cell.parameters(), cell.settings()));
        }
        return List.copyOf(unique);
    }

    private static BadInput tooMany(Iterable<Entry> entries) {
        Entry longest = null;
        for (Entry entry : entries) {
            if (longest == null || entry.value().length() > longest.value().length()) {
                longest = entry;
            }
        }
        String detail = "the plan has more than " + MOST_CELLS + " cells; shorten its lists";
        return longest == null ? new BadInput(detail) : longest.bad(detail + ", this one first");
    }

    private static Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>(List.of(DESCRIPTION, BENCHMARKS));
        Stream.of(Parameter.values()).map(Parameter::key).forEach(keys::add);
        keys.addAll(List.of(FORKS, WARMUP, ITERATIONS, TIME, SAMPLING, TIME_LIMIT, STALL_LIMIT));
        for (Benchmark benchmark : Benchmark.values()) {
            String of = benchmark.simpleName() + ".";
            benchmark.parameters().forEach(parameter -> keys.add(of + parameter.key()));
            keys.addAll(List.of(
                    of + FORKS, of + WARMUP, of + ITERATIONS, of + SAMPLING, of + TIME_LIMIT, of + STALL_LIMIT));
            if (!benchmark.isSingleShot()) {
                keys.add(of + TIME);
            }
        }
        return keys;
    }
}
