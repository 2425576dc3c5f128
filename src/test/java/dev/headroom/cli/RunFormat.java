package dev.headroom.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The format of a run folder: the columns of its CSV files, the keys of its JSON files, and its other files. Names that
 * depend on the machine are left out: facts, metrics and devices.
 */
final class RunFormat {
    /** Objects whose keys are data. */
    private static final Set<String> MAPS = Set.of(
            "environment",
            "unavailable",
            "on",
            "notTried",
            "metrics",
            "secondaryMetrics",
            "phases",
            "plan",
            "scorePercentiles",
            "rawDataHistogram",
            "noise");

    /** Keys that only some machines and loads have. */
    private static final Set<String> OPTIONAL = Set.of("incomplete", "latencyMs", "error");

    /** Columns of metrics that only some machines have. */
    private static final Pattern OF_THE_MACHINE = Pattern.compile("ram_(cgroup|swap|pss)_.*|gpu_.*|vram_.*");

    private RunFormat() {}

    /** Describes a run folder, a line for each column, key or file. */
    static List<String> of(Path run) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String csv : List.of("cells.csv", "iterations.csv")) {
            Stream.of(Files.readAllLines(run.resolve(csv)).get(0).split(","))
                    .filter(column -> !OF_THE_MACHINE.matcher(column).matches())
                    .forEach(column -> lines.add(csv + " " + column));
        }
        lines.addAll(keys(run, "run.json", Files.readString(run.resolve("run.json"))));
        lines.addAll(keys(run, "jmh.json", Files.readString(run.resolve("jmh.json"))));
        Set<String> journal = new TreeSet<>();
        for (String line : Files.readAllLines(run.resolve("journal.jsonl"))) {
            journal.addAll(keys(run, "journal.jsonl", line));
        }
        lines.addAll(journal);
        try (Stream<Path> files = Files.walk(run)) {
            files.filter(Files::isRegularFile)
                    .map(file -> run.relativize(file).toString().replace('\\', '/'))
                    .map(name -> name.replaceFirst("visualizer/.*\\.json", "visualizer/*.json"))
                    .sorted()
                    .forEach(lines::add);
        }
        return lines;
    }

    private static Collection<String> keys(Path run, String file, String json) {
        Set<String> keys = new TreeSet<>();
        try {
            collect(new ObjectMapper().readTree(json), file + " ", keys);
        } catch (IOException e) {
            throw new UncheckedIOException(run.toString(), e);
        }
        return keys;
    }

    private static void collect(JsonNode node, String path, Set<String> keys) {
        node.forEach(child -> {
            if (node.isArray()) {
                collect(child, path + "[]", keys);
            }
        });
        for (Map.Entry<String, JsonNode> child : node.properties()) {
            String key = path + "/" + child.getKey();
            if (!OPTIONAL.contains(child.getKey())) {
                keys.add(key);
            }
            if (!MAPS.contains(child.getKey())) {
                collect(child.getValue(), key, keys);
            }
        }
    }
}
