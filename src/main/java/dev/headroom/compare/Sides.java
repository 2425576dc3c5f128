package dev.headroom.compare;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import dev.headroom.OneLine;
import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The cells of runs by what is compared: a side has one value of it, and cells that are the same but for it.
 *
 * @param cells by side and key, in the order of the runs and their cells
 */
record Sides(Dimension by, Map<String, Map<CellKey, List<Observation>>> cells) {

    /** A cell of a run. */
    record Observation(MeasuredRun run, MeasuredCell cell) {}

    /** @throws BadInput if there is one side alone */
    static Sides of(List<MeasuredRun> runs, Dimension by) {
        Function<Observation, Optional<String>> side = side(runs, by);
        Map<String, Map<CellKey, List<Observation>>> cells = new LinkedHashMap<>();
        Map<Map<String, String>, Map<String, String>> without = new HashMap<>();
        for (MeasuredRun run : runs) {
            for (MeasuredCell cell : run.cells()) {
                Observation seen = new Observation(run, cell);
                Map<String, String> params =
                        without.computeIfAbsent(cell.params(), all -> without(all, by.parameter()));
                side.apply(seen).ifPresent(value -> cells.computeIfAbsent(value, first -> new LinkedHashMap<>())
                        .computeIfAbsent(new CellKey(cell.benchmark(), params), first -> new ArrayList<>(1))
                        .add(seen));
            }
        }
        if (cells.size() < 2) {
            throw new BadInput(alone(runs, by, cells.keySet()));
        }
        return new Sides(by, cells);
    }

    private static String alone(List<MeasuredRun> runs, Dimension by, Set<String> values) {
        String what = values.isEmpty()
                ? "No cell has a" + (by == Dimension.ENVIRONMENT ? "n " : " ") + by
                : "All cells have the " + by + " "
                        + OneLine.of(values.iterator().next(), " ");
        String other = runs.size() > 1 && by != Dimension.RUN ? ", or compare the runs: --by run" : "";
        return what + ", and there is nothing to compare it with: name a run that has another" + other + ".";
    }

    private static Map<String, String> without(Map<String, String> params, String name) {
        Map<String, String> rest = new LinkedHashMap<>(params);
        rest.remove(name);
        return rest;
    }

    private static Function<Observation, Optional<String>> side(List<MeasuredRun> runs, Dimension by) {
        return switch (by) {
            case ENVIRONMENT, MODEL ->
                seen -> Optional.ofNullable(seen.cell().params().get(by.parameter()));
            case RUN -> {
                Map<MeasuredRun, String> names = named(runs);
                yield seen -> Optional.ofNullable(names.get(seen.run()));
            }
            case LLAMA -> {
                Map<Run.Llama, String> names = named(runs.stream()
                        .flatMap(run -> run.cells().stream())
                        .map(cell -> cell.conditions().llama())
                        .collect(Collectors.toSet()));
                yield seen ->
                        Optional.ofNullable(names.get(seen.cell().conditions().llama()));
            }
        };
    }

    /** By their ids, which are folders' names; of two that have the same one the second is {@code id (2)}. */
    private static Map<MeasuredRun, String> named(List<MeasuredRun> runs) {
        Map<String, Integer> seen = new HashMap<>();
        Map<MeasuredRun, String> names = new HashMap<>();
        for (MeasuredRun run : runs) {
            int count = seen.merge(run.id(), 1, Integer::sum);
            names.put(run, count == 1 ? run.id() : run.id() + " (" + count + ")");
        }
        return names;
    }

    /** By version; where that is not enough by commit, and then by the beginning of the files' fingerprint. */
    private static Map<Run.Llama, String> named(Set<Run.Llama> builds) {
        Map<Run.Llama, String> names = new HashMap<>();
        Map<String, Set<String>> ofVersion = new TreeMap<>();
        for (Run.Llama build : builds) {
            ofVersion
                    .computeIfAbsent(build.version(), version -> new LinkedHashSet<>())
                    .add(identity(build));
        }
        for (Run.Llama build : builds) {
            boolean alone = ofVersion.getOrDefault(build.version(), Set.of()).size() == 1;
            names.put(build, alone ? build.version() : identity(build));
        }
        return names;
    }

    private static String identity(Run.Llama build) {
        String commit = build.commit() == null ? "" : "-" + build.commit();
        String files = build.fingerprint() == null ? "" : build.fingerprint();
        return build.version() + commit + (files.length() < 8 ? "" : "-" + files.substring(0, 8));
    }

    /** The values that are compared. */
    List<String> values() {
        return List.copyOf(cells.keySet());
    }

    /**
     * The side that the others are held against: the one that is named, or the first native environment, or the first.
     *
     * @throws BadInput if none has that name
     */
    String baseline(Optional<String> named) {
        if (named.isPresent()) {
            return existing(named.get());
        }
        return values().stream()
                .filter(value -> by == Dimension.ENVIRONMENT && value.startsWith("native-"))
                .findFirst()
                .orElse(values().get(0));
    }

    private String existing(String name) {
        if (!cells.containsKey(name)) {
            List<String> some = values().stream().limit(8).toList();
            throw new BadInput("There is no " + by + " " + name + NearMatches.hint(name, values()) + "; there are "
                    + String.join(", ", some) + (some.size() < cells.size() ? ", …" : "") + ".");
        }
        return name;
    }

    Map<CellKey, List<Observation>> side(String value) {
        return cells.getOrDefault(value, Map.of());
    }
}
