package dev.headroom.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headroom.result.Json;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * JMH's results for jmh-visualizer, which pairs the entries of two files by their parameters: what is compared between
 * files must not be one, and one that has a single value would join every label.
 */
public final class JmhJson {
    private static final String ENVIRONMENT = "environment";
    private static final String PARAMS = "params";

    private JmhJson() {}

    /**
     * The results of runs in one: entries as they are, but for an environment that several runs measured the same in,
     * which is followed by the run's id from the second on.
     *
     * @param jmh texts of {@code jmh.json} by the run's id
     * @throws UncheckedIOException if one of them is not JSON of that kind
     */
    public static String merged(Map<String, String> jmh) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        Set<List<JsonNode>> seen = new HashSet<>();
        for (Map.Entry<String, String> run : jmh.entrySet()) {
            List<ObjectNode> entries = entries(run.getValue());
            boolean again = entries.stream().anyMatch(entry -> seen.contains(key(entry)));
            for (ObjectNode entry : entries) {
                if (again) {
                    params(entry).put(ENVIRONMENT, environment(entry) + "-" + run.getKey());
                }
                seen.add(key(entry));
                all.add(entry);
            }
        }
        return Json.pretty(all);
    }

    /**
     * A file for each environment, by its name below the folder of results.
     *
     * @param jmh text of a {@code jmh.json}
     * @throws UncheckedIOException if it is not JSON of that kind
     */
    public static Map<String, String> visualizer(String jmh) {
        List<ObjectNode> entries = entries(jmh);
        Set<String> single = single(entries);
        Map<String, ArrayNode> byEnvironment = new LinkedHashMap<>();
        for (ObjectNode entry : entries) {
            byEnvironment
                    .computeIfAbsent(environment(entry), first -> JsonNodeFactory.instance.arrayNode())
                    .add(entry);
            params(entry).remove(single);
            params(entry).remove(ENVIRONMENT);
        }
        Map<String, String> files = new LinkedHashMap<>();
        byEnvironment.forEach((environment, of) ->
                files.put("visualizer/" + environment.replaceAll("[^A-Za-z0-9._-]", "_") + ".json", Json.pretty(of)));
        return files;
    }

    private static List<ObjectNode> entries(String jmh) {
        try {
            List<ObjectNode> entries = new ArrayList<>();
            for (JsonNode entry : Json.read(jmh, ArrayNode.class)) {
                if (entry instanceof ObjectNode object && entry.path(PARAMS).isObject()) {
                    entries.add(object);
                }
            }
            return entries;
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Parameters that have one value wherever they are. */
    private static Set<String> single(List<ObjectNode> entries) {
        Map<String, Set<String>> values = new LinkedHashMap<>();
        for (ObjectNode entry : entries) {
            params(entry).properties().forEach(param -> values.computeIfAbsent(
                            param.getKey(), first -> new LinkedHashSet<>())
                    .add(param.getValue().asText()));
        }
        values.values().removeIf(different -> different.size() > 1);
        return values.keySet();
    }

    private static List<JsonNode> key(ObjectNode entry) {
        return List.of(
                entry.path("benchmark"), entry.path("mode"), params(entry).deepCopy());
    }

    private static ObjectNode params(ObjectNode entry) {
        return (ObjectNode) entry.path(PARAMS);
    }

    private static String environment(ObjectNode entry) {
        return params(entry).path(ENVIRONMENT).asText("unknown");
    }
}
