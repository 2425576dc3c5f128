package dev.headroom.compare;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import dev.headroom.OneLine;
import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The cells of all runs, grouped by one dimension: a group has all cells with one value of it, such as one environment.
 *
 * @param groups cells by value and key, in the order of the runs and their cells
 */
record CellGroups(Dimension by, Map<String, Map<CellKey, List<Observation>>> groups) {

    /** A cell with its run. */
    record Observation(MeasuredRun run, MeasuredCell cell) {}

    /** @throws BadInput if there are fewer than two groups */
    static CellGroups of(List<MeasuredRun> runs, Dimension by) {
        Function<Observation, @Nullable String> valueOf = valueOf(runs, by);
        Map<String, Map<CellKey, List<Observation>>> groups = new LinkedHashMap<>();
        Map<Map<String, String>, Map<String, String>> sharedParams = new HashMap<>();
        for (MeasuredRun run : runs) {
            for (MeasuredCell cell : run.cells()) {
                Observation observation = new Observation(run, cell);
                String value = valueOf.apply(observation);
                if (value != null) {
                    Map<String, String> params =
                            sharedParams.computeIfAbsent(cell.params(), all -> without(all, by.parameter()));
                    groups.computeIfAbsent(value, first -> new LinkedHashMap<>())
                            .computeIfAbsent(new CellKey(cell.benchmark(), params), first -> new ArrayList<>(1))
                            .add(observation);
                }
            }
        }
        if (groups.size() < 2) {
            throw new BadInput(nothingToCompare(runs, by, groups.keySet()));
        }
        return new CellGroups(by, groups);
    }

    private static String nothingToCompare(List<MeasuredRun> runs, Dimension by, Set<String> values) {
        String problem = values.isEmpty()
                ? "No cell has a value for " + by
                : "All cells have the " + by + " "
                        + OneLine.of(values.iterator().next(), " ");
        String alternative = runs.size() > 1 && by != Dimension.RUN ? ", or compare the runs with --by run" : "";
        return problem + ": add a run with another one" + alternative + ".";
    }

    static Map<String, String> without(Map<String, String> params, String name) {
        Map<String, String> rest = new LinkedHashMap<>(params);
        rest.remove(name);
        return rest;
    }

    /** A function from a cell to its value of the dimension; null for a cell without one. */
    private static Function<Observation, @Nullable String> valueOf(List<MeasuredRun> runs, Dimension by) {
        return switch (by) {
            case ENVIRONMENT, MODEL -> seen -> seen.cell().params().get(by.parameter());
            case RUN -> {
                Map<MeasuredRun, String> names = runNames(runs);
                yield seen -> names.get(seen.run());
            }
            case LLAMA -> {
                Map<Run.Llama, String> names = buildNames(runs.stream()
                        .flatMap(run -> run.cells().stream())
                        .map(cell -> cell.conditions().llama())
                        .collect(Collectors.toSet()));
                yield seen -> names.get(seen.cell().conditions().llama());
            }
        };
    }

    /** Names of runs: their ids. If two runs have the same id, the second is {@code id (2)}. */
    private static Map<MeasuredRun, String> runNames(List<MeasuredRun> runs) {
        Map<String, Integer> counts = new HashMap<>();
        Map<MeasuredRun, String> names = new HashMap<>();
        for (MeasuredRun run : runs) {
            int count = counts.merge(run.id(), 1, Integer::sum);
            names.put(run, count == 1 ? run.id() : run.id() + " (" + count + ")");
        }
        return names;
    }

    /** Names of builds: their versions, or {@link #fullName} where builds of one version differ. */
    private static Map<Run.Llama, String> buildNames(Set<Run.Llama> builds) {
        Map<String, Set<String>> byVersion = builds.stream()
                .collect(Collectors.groupingBy(
                        Run.Llama::version, Collectors.mapping(CellGroups::fullName, Collectors.toSet())));
        return builds.stream()
                .collect(Collectors.toMap(
                        build -> build,
                        build -> byVersion
                                                .getOrDefault(build.version(), Set.of())
                                                .size()
                                        == 1
                                ? build.version()
                                : fullName(build)));
    }

    /** Version, commit and the first 8 digits of the files' SHA-256. */
    private static String fullName(Run.Llama build) {
        String commit = build.commit() == null ? "" : "-" + build.commit();
        String files = build.fingerprint() == null ? "" : build.fingerprint();
        return build.version() + commit + (files.length() < 8 ? "" : "-" + files.substring(0, 8));
    }

    /** The compared values, in the order of the runs. */
    List<String> values() {
        return List.copyOf(groups.keySet());
    }

    /**
     * The value that the others are compared with: the given one, else the first native environment, else the first.
     *
     * @throws BadInput if no group has the given value
     */
    String baseline(@Nullable String given) {
        if (given == null) {
            return values().stream()
                    .filter(value -> by == Dimension.ENVIRONMENT && value.startsWith("native-"))
                    .findFirst()
                    .orElse(values().get(0));
        }
        if (!groups.containsKey(given)) {
            throw new BadInput("No " + by + " named " + given + NearMatches.hint(given, values()) + ": choose one of "
                    + values().stream().limit(8).collect(Collectors.joining(", "))
                    + (groups.size() > 8 ? ", …" : "") + ".");
        }
        return given;
    }

    /** The cells of a group by key; empty if there is no such group. */
    Map<CellKey, List<Observation>> group(String value) {
        return groups.getOrDefault(value, Map.of());
    }

    /** All cells of a group. */
    Stream<Observation> observations(String value) {
        return group(value).values().stream().flatMap(List::stream);
    }
}
