package dev.headroom.compare;

import dev.headroom.OneLine;
import dev.headroom.compare.Sides.Observation;
import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** In what the machines behind two sides differ besides what is compared. */
final class Facts {
    /**
     * Facts of an environment that are the same wherever one machine is entered; what makes the environment is not
     * here.
     */
    private static final List<String> MACHINE = List.of(
            "cpu",
            "physicalCores",
            "usableCores",
            "memoryTotalMiB",
            "memoryLimitMiB",
            "gpu",
            "gpuUuid",
            "gpuDriver",
            "governor",
            "cpuMaxMHz",
            "jvm",
            "jvmVersion");

    private Facts() {}

    /** A sentence for each fact that differs, with both values. */
    static List<String> warnings(Sides sides, String baseline) {
        List<String> warnings = new ArrayList<>();
        Collection<Run.Place> here = places(sides, baseline);
        for (String other : sides.values()) {
            if (other.equals(baseline)) {
                continue;
            }
            Collection<Run.Place> there = places(sides, other);
            for (String fact : MACHINE) {
                warn(warnings, fact, baseline, values(here, fact), other, values(there, fact));
            }
            warn(warnings, "Headroom", baseline, versions(sides, baseline), other, versions(sides, other));
        }
        return warnings;
    }

    private static void warn(
            List<String> warnings, String fact, String baseline, Set<String> here, String other, Set<String> there) {
        if (!here.equals(there)) {
            warnings.add(OneLine.of(
                    fact + " is " + String.join(" or ", here) + " in " + baseline + " and " + String.join(" or ", there)
                            + " in " + other,
                    " "));
        }
    }

    private static Set<String> values(Collection<Run.Place> places, String fact) {
        return places.stream()
                .map(place -> Objects.requireNonNullElse(place.environment().get(fact), "not told"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those of a run are the same objects. */
    private static Collection<Run.Place> places(Sides sides, String side) {
        Set<Run.Place> places = Collections.newSetFromMap(new IdentityHashMap<>());
        observations(sides, side).forEach(seen -> places.add(seen.cell().place()));
        return places;
    }

    private static Set<String> versions(Sides sides, String side) {
        return observations(sides, side)
                .map(seen -> seen.run().headroom())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<Observation> observations(Sides sides, String side) {
        return sides.side(side).values().stream().flatMap(List::stream);
    }
}
