package dev.headroom.compare;

import dev.headroom.OneLine;
import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Warnings about machines that differ in more than the compared dimension. */
final class MachineDifferences {
    /** What a user sets. Without it the system's default holds. */
    private static final Pattern SETTING = Pattern.compile("[A-Z][A-Z0-9_]*|wslConfig.*");

    /** Facts that are equal in all environments of one machine, unless settings differ. */
    private static final Pattern MACHINE = Pattern.compile(SETTING
            + "|cpu|(?:physical|usable)Cores|memory(?:Total|Limit)MiB|governor|cpuMaxMHz|jvm|jvmVersion"
            + "|gpu[0-9]*(?:Uuid|Driver|PowerLimitW|Persistence|PcieGeneration|PcieWidth|HardwareScheduling)?");

    private static final String UNKNOWN = "unknown";

    private MachineDifferences() {}

    /** One warning for each fact that differs from the baseline, with both values. */
    static List<String> warnings(CellGroups groups, String baseline) {
        List<String> warnings = new ArrayList<>();
        Collection<Run.PlaceFacts> baselinePlaces = places(groups, baseline);
        for (String other : groups.values()) {
            if (other.equals(baseline)) {
                continue;
            }
            Collection<Run.PlaceFacts> otherPlaces = places(groups, other);
            List<String> facts = Stream.concat(baselinePlaces.stream(), otherPlaces.stream())
                    .flatMap(place -> place.environment().values().keySet().stream())
                    .filter(fact -> MACHINE.matcher(fact).matches())
                    .distinct()
                    .toList();
            for (String fact : facts) {
                warn(warnings, fact, baseline, values(baselinePlaces, fact), other, values(otherPlaces, fact));
            }
            warn(warnings, "Headroom", baseline, versions(groups, baseline), other, versions(groups, other));
        }
        List<String> once = groups.values().stream()
                .filter(value -> groups.by() == Dimension.ENVIRONMENT)
                .filter(value -> boots(places(groups, value)) == 1)
                .toList();
        if (!once.isEmpty()) {
            warnings.add(OneLine.of(
                    "All forks of " + String.join(", ", once)
                            + " come from one boot: measure in three boots, alternated" + " (docs/statistics.md)",
                    " "));
        }
        return warnings;
    }

    /** The number of different boots; 0 if a place does not know its boot. A resumed run may have several. */
    private static long boots(Collection<Run.PlaceFacts> places) {
        Set<String> boots = values(places, "bootId");
        return boots.contains(UNKNOWN)
                ? 0
                : boots.stream()
                        .flatMap(ids -> Arrays.stream(ids.split(" ")))
                        .distinct()
                        .count();
    }

    private static void warn(
            List<String> warnings, String fact, String baseline, Set<String> one, String other, Set<String> two) {
        if (!one.equals(two)) {
            warnings.add(OneLine.of(
                    fact + " differs: " + String.join(" or ", one) + " in " + baseline + ", " + String.join(" or ", two)
                            + " in " + other,
                    " "));
        }
    }

    private static Set<String> values(Collection<Run.PlaceFacts> places, String fact) {
        String absent = SETTING.matcher(fact).matches() ? "not set" : UNKNOWN;
        return places.stream()
                .map(place -> place.environment().values().getOrDefault(fact, absent))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The distinct places of a group, by identity: cells of a run share one object. */
    private static Collection<Run.PlaceFacts> places(CellGroups groups, String value) {
        Set<Run.PlaceFacts> places = Collections.newSetFromMap(new IdentityHashMap<>());
        groups.observations(value).forEach(seen -> places.add(seen.cell().place()));
        return places;
    }

    private static Set<String> versions(CellGroups groups, String value) {
        return groups.observations(value)
                .map(seen -> seen.run().headroom())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
