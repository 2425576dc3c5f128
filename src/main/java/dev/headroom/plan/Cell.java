package dev.headroom.plan;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One benchmark with one value of every parameter it has.
 *
 * @param id a name for people and files, unique in its plan also where letter case does not count, the same each time
 *     the plan is read: benchmark, model and context length, then what else varies or is not the default, in
 *     {@code [A-Za-z0-9._-]}, 200 characters at most
 * @param model the model, where the benchmark has one
 * @param parameters JMH parameter to value, in the order of {@link Benchmark#parameters()}; of the model its
 *     {@link ModelName#id()}
 */
public record Cell(
        String id, Benchmark benchmark, Optional<ModelName> model, Map<String, String> parameters, Settings settings) {
    public Cell {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * The value of a parameter.
     *
     * @throws IllegalArgumentException if the benchmark does not have it
     */
    public String value(Parameter parameter) {
        String value = parameters.get(parameter.key());
        if (value == null) {
            throw new IllegalArgumentException(benchmark.simpleName() + " has no parameter " + parameter.key());
        }
        return value;
    }

    /**
     * The same cell, id included, with another value for one parameter: where {@code local} or {@code 0} stands for
     * something that is known now.
     *
     * @throws IllegalArgumentException if the benchmark does not have the parameter
     */
    public Cell with(Parameter parameter, String value) {
        value(parameter);
        Map<String, String> changed = new LinkedHashMap<>(parameters);
        changed.put(parameter.key(), value);
        return new Cell(id, benchmark, model, changed, settings);
    }
}
