package dev.headroom.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * A parameter of the benchmarks. This class has the only list of them. Tests check the columns of CSV files, the
 * {@code @Param} fields of the benchmarks and the documentation against it.
 *
 * @param <T> the type of its values
 */
public final class Parameter<T> {
    private static final List<Parameter<?>> ALL = new ArrayList<>();
    private static final Pattern OUTPUTS_VALUE = Pattern.compile("[1-9][0-9]{0,5}|batch");
    private static final Pattern ENVIRONMENT_NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    /** The model that a fork loads. */
    public static final Parameter<ModelName> MODEL =
            new Parameter<>("model", new ModelName("synthetic-smollm2-135m-q4_0"), ModelName::of);

    /** Tokens of context, 1 to 10,000,000. The run finds out whether the model and the machine can hold them. */
    public static final Parameter<Integer> CONTEXT_LENGTH =
            new Parameter<>("contextLength", 512, wholeNumber(1, 10_000_000));

    /** Name of the environment, in {@code [A-Za-z0-9._-]}; {@code local} is the one in which Headroom was started. */
    public static final Parameter<String> ENVIRONMENT = new Parameter<>("environment", "local", Parameter::environment);

    /** Layers on GPUs, up to 10,000; -1: all. */
    public static final Parameter<Integer> GPU_LAYERS = new Parameter<>("gpuLayers", -1, wholeNumber(-1, 10_000));

    /** Data type of both halves of the KV cache. */
    public static final Parameter<String> KV_TYPE =
            new Parameter<>("kvType", "f16", oneOf("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"));

    /** Whether to use flash attention; with {@code auto} llama.cpp decides, and results say what it decided. */
    public static final Parameter<String> FLASH_ATTENTION =
            new Parameter<>("flashAttention", "auto", oneOf("auto", "on", "off"));

    /** Largest number of tokens in one call of {@code llama_decode}, 1 to 1,000,000. */
    public static final Parameter<Integer> BATCH = new Parameter<>("batch", 2048, wholeNumber(1, 1_000_000));

    /** Largest number of tokens computed at once, at most {@link #BATCH}. It sets the size of the compute buffers. */
    public static final Parameter<Integer> UBATCH = new Parameter<>("ubatch", 512, wholeNumber(1, 1_000_000));

    /** CPU threads, up to 4096; 0: one for each physical core that the process may use. */
    public static final Parameter<Integer> THREADS = new Parameter<>("threads", 0, wholeNumber(0, 4096));

    /**
     * Tokens of a micro-batch whose logits a context has room for, 1 to 999,999: each takes one float for each token of
     * the vocabulary. 1 is the default of llama-server for one user, {@code batch} the default of llama-bench.
     */
    public static final Parameter<String> OUTPUTS = new Parameter<>("outputs", "1", Parameter::outputs);

    private final String key;
    private final T byDefault;
    private final BiFunction<Entry, String, T> parser;

    private Parameter(String key, T byDefault, BiFunction<Entry, String, T> parser) {
        this.key = key;
        this.byDefault = byDefault;
        this.parser = parser;
        ALL.add(this);
    }

    /** All parameters, in the order of columns. */
    public static List<Parameter<?>> all() {
        return Collections.unmodifiableList(ALL);
    }

    /** The plan's key, and the name of the field that JMH fills. */
    public String key() {
        return key;
    }

    /** The value if the plan has none. */
    public T byDefault() {
        return byDefault;
    }

    /** The values of an entry. */
    List<T> values(Entry entry) {
        List<T> values =
                entry.elements().stream().map(text -> parser.apply(entry, text)).toList();
        if (values.stream().distinct().count() < values.size()) {
            throw entry.bad(key + " has a value twice: " + Entry.quote(entry.value()), "remove one");
        }
        return values;
    }

    /** The value that {@link #text} wrote; not for models, which have only their ids there. */
    T parse(String text) {
        return parser.apply(new Entry(key, text, "resolved parameters"), text);
    }

    /** A value as JMH and results have it. */
    static String text(Object value) {
        return value instanceof ModelName model ? model.id() : value.toString();
    }

    /**
     * The keys of the parameters that a table of cells shows: {@code contextLength}, and those with different values.
     * Known keys come first, in the order of columns.
     *
     * @param cells key to value for each cell
     */
    public static List<String> shown(Collection<Map<String, String>> cells) {
        Map<String, Set<String>> values = new LinkedHashMap<>();
        ALL.forEach(parameter -> values.put(parameter.key, new LinkedHashSet<>()));
        cells.forEach(cell -> cell.forEach((key, value) ->
                values.computeIfAbsent(key, first -> new LinkedHashSet<>()).add(value)));
        return values.entrySet().stream()
                .filter(of -> of.getValue().size() > (of.getKey().equals(CONTEXT_LENGTH.key) ? 0 : 1))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static BiFunction<Entry, String, Integer> wholeNumber(int least, int most) {
        return (entry, text) -> entry.integer(text, least, most);
    }

    private static BiFunction<Entry, String, String> oneOf(String... words) {
        return (entry, text) -> entry.oneOf(text, Arrays.asList(words));
    }

    private static String outputs(Entry entry, String text) {
        if (OUTPUTS_VALUE.matcher(text).matches()) {
            return text;
        }
        throw entry.bad("outputs is " + Entry.quote(text), "give batch, or a whole number from 1 to 999999");
    }

    private static String environment(Entry entry, String text) {
        if (ENVIRONMENT_NAME.matcher(text).matches()) {
            return text;
        }
        throw entry.bad(
                "environment is " + Entry.quote(text),
                "give a name of at most 100 characters: letters, digits, '.', '_' and '-'");
    }

    @Override
    public String toString() {
        return key;
    }
}
