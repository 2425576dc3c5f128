package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One setting as the user wrote it.
 *
 * @param key for example {@code contextLength} or {@code TimeToFirstToken.iterations}
 * @param value the text; for most keys a comma list
 * @param where its place, for messages: a file and line, or an option of the command line
 */
public record Entry(String key, String value, String where) {
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,9}");
    private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final int LONGEST_QUOTE = 80;

    /** An error in this setting: what is wrong, then what to do. */
    public BadInput bad(String what, String remedy) {
        return new BadInput(what + " (" + where + "): " + remedy + ".");
    }

    /** An element of the value as a whole number. */
    int integer(String element, int least, int most) {
        if (INTEGER.matcher(element).matches()) {
            int number = Integer.parseInt(element);
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw bad(key + " is " + quote(element), "give a whole number from " + least + " to " + most);
    }

    /** An element of the value as one of some words. */
    public String oneOf(String element, Collection<String> words) {
        if (words.contains(element)) {
            return element;
        }
        throw bad(
                key + " is " + quote(element),
                "choose one of " + String.join(", ", words) + NearMatches.hint(element, words));
    }

    /** The value as a time, such as {@code 300ms}, {@code 2s}, {@code 1m} or {@code 1h}. */
    Duration time(Duration shortest, Duration longest) {
        Matcher matcher = TIME.matcher(value);
        if (matcher.matches()) {
            long amount = Long.parseLong(matcher.group(1));
            Duration time =
                    switch (matcher.group(2)) {
                        case "ms" -> Duration.ofMillis(amount);
                        case "s" -> Duration.ofSeconds(amount);
                        case "m" -> Duration.ofMinutes(amount);
                        default -> Duration.ofHours(amount);
                    };
            if (time.compareTo(shortest) >= 0 && time.compareTo(longest) <= 0) {
                return time;
            }
        }
        throw bad(
                key + " is " + quote(value),
                "give a time from " + text(shortest) + " to " + text(longest) + ", in ms, s, m or h");
    }

    private static String text(Duration time) {
        return time.toHours() > 0
                ? time.toHours() + "h"
                : time.toSeconds() > 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
    }

    /** The elements of the comma list, none of them empty. An element in double quotes may contain commas. */
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

    /** The same setting with each element changed, except to a text with a quotation mark, which no list can hold. */
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
            throw value.isBlank()
                    ? bad(key + " has no value", "give one")
                    : bad(key + " has an empty element: " + quote(value), "remove a comma");
        }
        if (text.indexOf('"') < 0) {
            return text;
        }
        if (text.length() > 2 && text.indexOf('"', 1) == text.length() - 1) {
            return text.substring(1, text.length() - 1);
        }
        throw bad(key + " has a stray quotation mark: " + quote(text), "put the whole element in quotation marks");
    }

    /** A user's text for a message: in quotes, on one line, shortened. */
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
