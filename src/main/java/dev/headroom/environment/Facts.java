package dev.headroom.environment;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Facts in the order in which they were added. Unknown values are left out. */
final class Facts {
    private static final Pattern SPACE = Pattern.compile("[\\p{Cntrl}\\s]+");
    private static final int MAX_LENGTH = 200;

    private final Map<String, String> facts = new LinkedHashMap<>();

    /** Adds a text unless it is null or blank, as one line of at most {@value MAX_LENGTH} characters. */
    void put(String fact, @Nullable String value) {
        String line = value == null ? "" : SPACE.matcher(value).replaceAll(" ").strip();
        if (!line.isEmpty()) {
            facts.put(fact, line.length() > MAX_LENGTH ? line.substring(0, MAX_LENGTH) : line);
        }
    }

    /** Adds a number unless it is null, with at most two decimals. */
    void put(String fact, @Nullable Number value) {
        if (value instanceof Double number) {
            facts.put(
                    fact,
                    BigDecimal.valueOf(number)
                            .setScale(2, RoundingMode.HALF_UP)
                            .stripTrailingZeros()
                            .toPlainString());
        } else if (value != null) {
            facts.put(fact, value.toString());
        }
    }

    Map<String, String> asMap() {
        return facts;
    }
}
