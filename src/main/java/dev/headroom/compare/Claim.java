package dev.headroom.compare;

import dev.headroom.BadInput;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Something that somebody said about an environment, in a form that runs can be held against.
 *
 * @param text as it was said
 * @param environment what it is about; {@code environment-…} counts too
 * @param reference what that is held against
 * @param figure see {@link Figures}; empty where {@code says} needs none
 * @param says {@code about 1000 MiB}, {@code at least 6 % of 16384 MiB}, {@code at most -3 %}, or {@code decides}
 * @param contextLength the only one that counts; absent: all
 */
record Claim(
        String text, String environment, String reference, String figure, String says, @Nullable String contextLength) {
    /** What is said to be about something may be off by a quarter: whoever says 1 GB may mean 954 or 1024 MiB. */
    static final double ABOUT = 0.25;

    static final String DECIDES = "decides";

    private static final Pattern AMOUNT =
            Pattern.compile("(?<how>about|at least|at most) (?<amount>-?[0-9]{1,9}(\\.[0-9]{1,9})?) ?"
                    + "(?<unit>%|MiB)( of (?<whole>[0-9]{1,9}) MiB)?");

    private static final List<String> FIELDS =
            List.of("text", "environment", "reference", "figure", "says", "contextLength");

    /** What the claim allows for, in MiB or percent. */
    record Allowed(Range range, boolean percent) {}

    /** Empty where it says that something decides. */
    Optional<Allowed> allowed() {
        Matcher matcher = AMOUNT.matcher(says);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        boolean percent = matcher.group("unit").equals("%");
        double amount = Double.parseDouble(matcher.group("amount"));
        if (matcher.group("whole") != null) {
            amount = amount / 100 * Double.parseDouble(matcher.group("whole"));
            percent = false;
        }
        double off = ABOUT * Math.abs(amount);
        Range range =
                switch (matcher.group("how")) {
                    case "at least" -> new Range(amount, Double.POSITIVE_INFINITY);
                    case "at most" -> new Range(Double.NEGATIVE_INFINITY, amount);
                    default -> new Range(amount - off, amount + off);
                };
        return Optional.of(new Allowed(range, percent));
    }

    /**
     * Reads claims: keys {@code <name>.<field>}, in the syntax of Java's properties.
     *
     * @param where the file, for messages
     * @throws BadInput if there is a claim that cannot be understood, or none
     */
    static List<Claim> parse(String where, String text) {
        Map<String, Map<String, String>> claims = new LinkedHashMap<>();
        entries(where, text).forEach((key, value) -> {
            int dot = key.lastIndexOf('.');
            String field = key.substring(dot + 1);
            if (dot < 1 || !FIELDS.contains(field)) {
                throw new BadInput(where + ": " + key + " is none of a claim's keys: <name>."
                        + String.join(", <name>.", FIELDS) + ".");
            }
            claims.computeIfAbsent(key.substring(0, dot), first -> new LinkedHashMap<>())
                    .put(field, value);
        });
        if (claims.isEmpty()) {
            throw new BadInput(
                    where + " has no claims: see profiles/claims/article.properties for how they are written.");
        }
        List<Claim> all = new ArrayList<>();
        claims.forEach((name, fields) -> all.add(of(where + ": claim " + name, fields)));
        return all;
    }

    private static Claim of(String where, Map<String, String> fields) {
        String says = needed(where, fields, "says");
        boolean decides = says.equals(DECIDES);
        Claim claim = new Claim(
                needed(where, fields, "text"),
                needed(where, fields, "environment"),
                needed(where, fields, "reference"),
                decides ? "" : needed(where, fields, "figure"),
                says,
                decides ? needed(where, fields, "contextLength") : fields.get("contextLength"));
        if (!decides) {
            Allowed allowed = claim.allowed()
                    .orElseThrow(
                            () -> new BadInput(
                                    where + " says \"" + says
                                            + "\": write about, at least or at most, a number and % or MiB (such as: at least 6 % of 16384 MiB), or decides."));
            if (!allowed.percent && !Figures.mayBeMemory(claim.figure)) {
                throw new BadInput(where + " gives " + claim.figure + " in MiB: give it in %.");
            }
        }
        return claim;
    }

    private static String needed(String where, Map<String, String> fields, String field) {
        String value = fields.getOrDefault(field, "");
        if (value.isBlank()) {
            throw new BadInput(where + " has no " + field + ": give it one.");
        }
        return value;
    }

    /** In the order of the file, no key twice. */
    private static Map<String, String> entries(String where, String text) {
        Map<String, String> entries = new LinkedHashMap<>();
        TreeSet<String> twice = new TreeSet<>();
        Properties properties = new Properties() {
            private static final long serialVersionUID = 1L;

            @Override
            public synchronized @Nullable Object put(Object key, Object value) {
                if (entries.putIfAbsent((String) key, ((String) value).strip()) != null) {
                    twice.add((String) key);
                }
                return null;
            }
        };
        try {
            properties.load(new StringReader(text));
        } catch (IOException | IllegalArgumentException e) {
            throw new BadInput(where + " is not in the syntax of Java's properties (" + e.getMessage() + ").", e);
        }
        if (!twice.isEmpty()) {
            throw new BadInput(where + " has " + twice.first() + " twice: keep one.");
        }
        return entries;
    }
}
