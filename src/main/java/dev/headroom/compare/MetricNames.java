package dev.headroom.compare;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The names of metrics that users write in limits and claims. */
final class MetricNames {
    private static final Map<String, Predicate<Measure>> SHORT_NAMES = Map.of(
            "vram", Measure::ofCard,
            "ram", measure -> measure.name().equals(Measure.RAM),
            "tokens", measure -> measure.name().equals(Measure.SCORE) && measure.moreIsBetter(),
            "time", measure -> measure.name().equals(Measure.SCORE) && !measure.moreIsBetter(),
            "energy", measure -> measure.name().equals(Measure.ENERGY));

    private MetricNames() {}

    /**
     * Resolves a name: vram, ram, tokens, time, energy, or a metric such as {@code vram.shared.peak}.
     *
     * @param where the name's origin, as the beginning of a message
     * @param differences the compared metrics
     * @throws BadInput if no compared metric has the name
     */
    static Predicate<Measure> named(String where, String name, List<Difference> differences) {
        Predicate<Measure> known = SHORT_NAMES.get(name);
        if (known != null) {
            return known;
        }
        TreeSet<String> names = new TreeSet<>(SHORT_NAMES.keySet());
        differences.forEach(difference -> names.add(difference.measure().plainName()));
        if (!names.contains(name)) {
            throw new BadInput(where + ": no metric named " + name + NearMatches.hint(name, names) + ": choose one of "
                    + String.join(", ", names) + ".");
        }
        return measure -> measure.plainName().equals(name);
    }

    /** Whether a name may mean memory, and not speed, time or energy. */
    static boolean mayBeMemory(String name) {
        return !name.matches("tokens|time|energy|p[0-9]+");
    }
}
