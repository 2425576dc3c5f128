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
 * JMH's results for jmh-visualizer. It pairs the entries of two files by their parameters. So the environment, which
 * differs between files, is removed. Parameters with a single value are removed too, as each label would repeat them.
 */
public final class JmhJson {
    private static final String ENVIRONMENT = "environment";
    private static final String PARAMS = "params";

    private JmhJson() {}

    /**
     * Merges the results of several runs. If a later run repeats an entry of an earlier run, its environments get the
     * run's id appended.
     *
     * @param jmh texts of {@code jmh.json} by run id
     * @throws UncheckedIOException if one of them is not an array of JMH results
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
     * The files of a run for jmh-visualizer, one for each environment, by path below the run folder.
     *
     * @param jmh text of a {@code jmh.json}
     * @throws UncheckedIOException if it is not an array of JMH results
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

    /** Names of parameters that have the same value in all entries. */
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
