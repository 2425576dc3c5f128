package dev.headroom.plan;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One benchmark with one value of every parameter it has.
 *
 * @param id name for people and files, in {@code [A-Za-z0-9._-]}, 200 characters at most: benchmark, model and context
 *     length, then each parameter that varies or is not the default. It is unique in its plan, also without letter
 *     case, and the same each time the plan is read
 * @param values each with the type of its parameter, in the order of {@link Benchmark#parameters()}
 * @param planned the values before {@code local} and {@code 0} were resolved. Cells of different machines match by
 *     these
 */
public record Cell(
        String id,
        Benchmark benchmark,
        Map<Parameter<?>, Object> values,
        Map<Parameter<?>, Object> planned,
        Settings settings) {
    public Cell {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        planned = Collections.unmodifiableMap(new LinkedHashMap<>(planned));
    }

    /** A cell as planned. */
    public Cell(String id, Benchmark benchmark, Map<Parameter<?>, Object> values, Settings settings) {
        this(id, benchmark, values, values, settings);
    }

    /** Whether the benchmark has a parameter. */
    public boolean has(Parameter<?> parameter) {
        return values.containsKey(parameter);
    }

    /**
     * The value of a parameter.
     *
     * @throws IllegalArgumentException if the benchmark does not have it
     */
    public <T> T value(Parameter<T> parameter) {
        @SuppressWarnings("unchecked")
        T value = (T) values.get(parameter);
        if (value == null) {
            throw new IllegalArgumentException(benchmark.simpleName() + " has no parameter " + parameter);
        }
        return value;
    }

    /** The model; empty for a benchmark without one. */
    public Optional<ModelName> model() {
        return has(Parameter.MODEL) ? Optional.of(value(Parameter.MODEL)) : Optional.empty();
    }

    /**
     * The parameters of a cell in a file, with the default of each parameter that Headroom did not have when it wrote
     * the file.
     *
     * @param benchmark the benchmark's simple name
     * @param parameters key to text
     */
    public static Map<String, String> complete(String benchmark, Map<String, String> parameters) {
        Map<String, String> complete = new LinkedHashMap<>(parameters);
        Benchmark.named(benchmark).ifPresent(known -> known.parameters()
                .forEach(parameter -> complete.putIfAbsent(parameter.key(), Parameter.text(parameter.byDefault()))));
        return complete;
    }

    /** The values as JMH and results have them: key to text. */
    public Map<String, String> parameters() {
        Map<String, String> texts = new LinkedHashMap<>();
        values.forEach((parameter, value) -> texts.put(parameter.key(), Parameter.text(value)));
        return texts;
    }

    /**
     * The same cell, id included, with another value of one parameter: for {@code local} and {@code 0}, which stand for
     * a value that is found out later.
     *
     * @throws IllegalArgumentException if the benchmark does not have the parameter
     */
    public <T> Cell with(Parameter<T> parameter, T value) {
        value(parameter);
        Map<Parameter<?>, Object> changed = new LinkedHashMap<>(values);
        changed.put(parameter, value);
        return new Cell(id, benchmark, changed, planned, settings);
    }

    /** The planned values that this machine resolved to others: key to text, without the environment. */
    public Map<String, String> resolvedHere() {
        Map<String, String> texts = new LinkedHashMap<>();
        planned.forEach((parameter, value) -> {
            if (parameter != Parameter.ENVIRONMENT && !value.equals(values.get(parameter))) {
                texts.put(parameter.key(), Parameter.text(value));
            }
        });
        return texts;
    }

    /** The same cell with values of {@link #parameters()} that another Headroom found out. The model stays. */
    public Cell resolved(Map<String, String> parameters) {
        Map<Parameter<?>, Object> changed = new LinkedHashMap<>(values);
        changed.replaceAll((parameter, value) -> {
            String text = parameters.get(parameter.key());
            return text == null || parameter == Parameter.MODEL ? value : parameter.parse(text);
        });
        return new Cell(id, benchmark, changed, planned, settings);
    }
}
