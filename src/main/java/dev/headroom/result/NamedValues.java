package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A name with values: a plan with its settings, an environment with its facts. In JSON it is one object, which has the
 * name under the key {@code name}.
 *
 * @param values in the order of the JSON
 */
public record NamedValues(String name, Map<String, String> values) {
    private static final String NAME = "name";

    public NamedValues {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static NamedValues of(Map<String, String> json) {
        Map<String, String> values = new LinkedHashMap<>(json);
        return new NamedValues(Objects.requireNonNullElse(values.remove(NAME), ""), values);
    }

    /** The JSON object. */
    @JsonValue
    public Map<String, String> json() {
        Map<String, String> json = new LinkedHashMap<>();
        json.put(NAME, name);
        json.putAll(values);
        return json;
    }
}
