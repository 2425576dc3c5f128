package dev.headroom.compare;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Figures by the words that a user calls them with. */
final class Figures {
    private static final Map<String, Predicate<Measure>> WORDS = Map.of(
            "vram", Measure::ofCard,
            "ram", measure -> measure.name().equals(Measure.RAM),
            "tokens", measure -> measure.name().equals(Measure.SCORE) && measure.moreIsBetter(),
            "time", measure -> measure.name().equals(Measure.SCORE) && !measure.moreIsBetter(),
            "energy", measure -> measure.name().equals(Measure.ENERGY));

    private Figures() {}

    /**
     * The figures of a word: vram, ram, tokens, time, energy, or the name of a metric such as {@code vram.shared.peak}.
     *
     * @param where the word stands, as the beginning of a sentence
     * @param differences that it may name
     * @throws BadInput if it names nothing that there is
     */
    static Predicate<Measure> named(String where, String word, List<Difference> differences) {
        Predicate<Measure> known = WORDS.get(word);
        if (known != null) {
            return known;
        }
        TreeSet<String> names = new TreeSet<>(WORDS.keySet());
        differences.forEach(difference -> names.add(plain(difference.measure())));
        if (!names.contains(word)) {
            throw new BadInput(where + " names the figure " + word + NearMatches.hint(word, names) + "; there are "
                    + String.join(", ", names) + ".");
        }
        return measure -> plain(measure).equals(word);
    }

    /** Whether a word is not for a speed, a time or energy. */
    static boolean mayBeMemory(String word) {
        return !word.matches("tokens|time|energy|p[0-9]+");
    }

    private static String plain(Measure measure) {
        return measure.name().replace("·", "");
    }
}
