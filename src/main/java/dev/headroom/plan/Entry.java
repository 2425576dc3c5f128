package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One setting as the user wrote it.
 *
 * @param key a key of a plan, for example {@code contextLength} or {@code TimeToFirstToken.iterations}
 * @param value the text, for most keys a comma list
 * @param where where it was written, in words for a message: a file and line, or an option of the command line
 */
public record Entry(String key, String value, String where) {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,9}");
    private static final int LONGEST_QUOTE = 80;

    /** An error about this setting; the detail says what is wrong and what to do. */
    public BadInput bad(String detail) {
        return new BadInput(where + ": " + detail);
    }

    /** One element of the value as a whole number. */
    int integer(String element, int least, int most) {
        if (INTEGER.matcher(element).matches()) {
            int number = Integer.parseInt(element);
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw bad(key + " " + quote(element) + " is not a whole number from " + least + " to " + most);
    }

    /** One element of the value as one of some words. */
    public String oneOf(String element, Collection<String> words) {
        if (words.contains(element)) {
            return element;
        }
        throw bad(key + " " + quote(element) + " is unknown" + NearMatches.hint(element, words) + "; it takes "
                + String.join(", ", words));
    }

    /** The elements of the comma list: none empty, none twice. An element in double quotes may contain commas. */
    public List<String> elements() {
        List<String> elements = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i <= value.length(); i++) {
            if (i == value.length() || (value.charAt(i) == ',' && !quoted)) {
                elements.add(element(value.substring(start, i).strip()));
                start = i + 1;
            } else if (value.charAt(i) == '"') {
                quoted = !quoted;
            }
        }
        return List.copyOf(elements);
    }

    /** The same setting with each of its elements changed, but for what a comma list cannot hold. */
    Entry with(UnaryOperator<String> change) {
        String changed = elements().stream()
                .map(element -> {
                    String other = change.apply(element);
                    return other.indexOf('"') >= 0 ? element : other;
                })
                .map(element ->
                        element.indexOf(',') < 0 && element.equals(element.strip()) ? element : '"' + element + '"')
                .collect(Collectors.joining(","));
        return new Entry(key, changed, where);
    }

    private String element(String text) {
        if (text.isEmpty()) {
            throw bad(key + (value.isBlank() ? " has no value" : " has a comma with nothing beside it"));
        }
        if (text.indexOf('"') < 0) {
            return text;
        }
        if (text.length() > 2 && text.indexOf('"', 1) == text.length() - 1) {
            return text.substring(1, text.length() - 1);
        }
        throw bad(key + " " + quote(text) + " has a stray quotation mark; quotes go around a whole element");
    }

    /** Text of a user inside a message: in quotes, on one line, not endless. */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder("'");
        text.codePoints().limit(LONGEST_QUOTE).forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append(text.codePointCount(0, text.length()) > LONGEST_QUOTE ? "…'" : "'")
                .toString();
    }
}
