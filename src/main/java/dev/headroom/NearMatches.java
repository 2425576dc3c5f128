package dev.headroom;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Finds the known names that a mistyped word is close to. */
public final class NearMatches {
    private static final int MAX_MATCHES = 3;

    private NearMatches() {}

    /**
     * The known names with the smallest edit distance to the word: up to three, all at the same distance. Case is
     * ignored. The limit is a third of the word's length, but at least two edits; empty if no name is within it.
     */
    public static List<String> of(String word, Collection<String> known) {
        int limit = Math.max(2, word.length() / 3);
        TreeMap<Integer, List<String>> byDistance = new TreeMap<>();
        for (String name : known) {
            if (Math.abs(name.length() - word.length()) <= limit) {
                byDistance
                        .computeIfAbsent(distance(word, name), d -> new ArrayList<>())
                        .add(name);
            }
        }
        Map.Entry<Integer, List<String>> nearest = byDistance.firstEntry();
        if (nearest == null || nearest.getKey() > limit || nearest.getKey() >= word.length()) {
            return List.of();
        }
        return nearest.getValue().stream().sorted().limit(MAX_MATCHES).toList();
    }

    /** {@code " (did you mean a or b?)"}, to append to the word; an empty string if no known name is close. */
    public static String hint(String word, Collection<String> known) {
        List<String> near = of(word, known);
        return near.isEmpty() ? "" : " (did you mean " + String.join(" or ", near) + "?)";
    }

    /** The number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
    static int distance(String one, String two) {
        String a = one.toLowerCase(Locale.ROOT);
        String b = two.toLowerCase(Locale.ROOT);
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
