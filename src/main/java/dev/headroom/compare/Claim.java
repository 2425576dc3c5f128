package dev.headroom.compare;

import dev.headroom.BadInput;
import dev.headroom.plan.PropertiesText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A claim about an environment that measured runs can confirm or refute.
 *
 * @param text the claim in its author's words
 * @param environment the environment that the claim is about; {@code environment-…} matches too
 * @param reference the environment that it is compared with
 * @param figure the claimed metric, see {@link MetricNames}; empty if {@code says} is {@value #DECIDES}
 * @param says {@code about 1000 MiB}, {@code at least 6 % of 16384 MiB}, {@code at most -3 %}, or {@value #DECIDES}
 * @param contextLength the only context length to check; absent: all
 */
record Claim(
        String text, String environment, String reference, String figure, String says, @Nullable String contextLength) {
    /** The tolerance of {@code about}, as a fraction: "1 GB" may mean 954 or 1024 MiB. */
    static final double ABOUT = 0.25;

    /** The model fits the card in the reference environment, and does not fit in the other. */
    static final String DECIDES = "decides";

    private static final Pattern AMOUNT =
            Pattern.compile("(?<how>about|at least|at most) (?<amount>-?[0-9]{1,9}(\\.[0-9]{1,9})?) ?"
                    + "(?<unit>%|MiB)( of (?<whole>[0-9]{1,9}) MiB)?");

    private static final List<String> FIELDS =
            List.of("text", "environment", "reference", "figure", "says", "contextLength");

    /** The claimed range of a difference, in percent or in MiB. */
    record Allowed(Range range, boolean percent) {}

    /** The claimed range; empty if the claim states no amount. */
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
        double tolerance = ABOUT * Math.abs(amount);
        Range range =
                switch (matcher.group("how")) {
                    case "at least" -> new Range(amount, Double.POSITIVE_INFINITY);
                    case "at most" -> new Range(Double.NEGATIVE_INFINITY, amount);
                    default -> new Range(amount - tolerance, amount + tolerance);
                };
        return Optional.of(new Allowed(range, percent));
    }

    /**
     * Parses claims in the syntax of Java properties, with keys {@code <name>.<field>}.
     *
     * @param where the file, for messages
     * @throws BadInput if a claim is invalid, or if there is no claim
     */
    static List<Claim> parse(String where, String text) {
        Map<String, Map<String, String>> claims = new LinkedHashMap<>();
        PropertiesText.entries(where, text).forEach((key, entry) -> {
            int dot = key.lastIndexOf('.');
            String field = key.substring(dot + 1);
            if (dot < 1 || !FIELDS.contains(field)) {
                throw new BadInput(
                        where + ": unknown key " + key + ": use <name>." + String.join(", <name>.", FIELDS) + ".");
            }
            claims.computeIfAbsent(key.substring(0, dot), first -> new LinkedHashMap<>())
                    .put(field, entry.value());
        });
        if (claims.isEmpty()) {
            throw new BadInput(where + " has no claims: write some like those in profiles/claims/article.properties.");
        }
        List<Claim> all = new ArrayList<>();
        claims.forEach((name, fields) -> all.add(of(where + ": claim " + name, fields)));
        return all;
    }

    private static Claim of(String where, Map<String, String> fields) {
        String says = required(where, fields, "says");
        boolean decides = says.equals(DECIDES);
        Claim claim = new Claim(
                required(where, fields, "text"),
                required(where, fields, "environment"),
                required(where, fields, "reference"),
                decides ? "" : required(where, fields, "figure"),
                says,
                decides ? required(where, fields, "contextLength") : fields.get("contextLength"));
        if (!decides) {
            Allowed allowed = claim.allowed()
                    .orElseThrow(() ->
                            new BadInput(where + ": cannot read \"" + says + "\": write \"decides\", or \"about\", "
                                    + "\"at least\" or \"at most\" with % or MiB, such as at least 6 % of 16384 MiB."));
            if (!allowed.percent && !MetricNames.mayBeMemory(claim.figure)) {
                throw new BadInput(where + ": " + claim.figure + " has no MiB: write %.");
            }
        }
        return claim;
    }

    private static String required(String where, Map<String, String> fields, String field) {
        String value = fields.getOrDefault(field, "");
        if (value.isBlank()) {
            throw new BadInput(where + " has no " + field + ": add one.");
        }
        return value;
    }
}
