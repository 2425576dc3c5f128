package dev.headroom.environment;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Facts in the order in which they are found out. What is empty stays out. */
final class Facts {
    private static final Pattern SPACE = Pattern.compile("[\\p{Cntrl}\\s]+");
    private static final int LONGEST = 200;

    private final Map<String, String> facts = new LinkedHashMap<>();

    /** A text: on one line, and no longer than a line. */
    void put(String fact, Optional<String> value) {
        String line = SPACE.matcher(value.orElse("")).replaceAll(" ").strip();
        if (!line.isEmpty()) {
            facts.put(fact, line.length() > LONGEST ? line.substring(0, LONGEST) : line);
        }
    }

    void put(String fact, OptionalLong value) {
        value.ifPresent(number -> facts.put(fact, Long.toString(number)));
    }

    void put(String fact, OptionalInt value) {
        value.ifPresent(number -> facts.put(fact, Integer.toString(number)));
    }

    /** With at most two decimals. */
    void put(String fact, OptionalDouble value) {
        value.ifPresent(number -> facts.put(
                fact,
                BigDecimal.valueOf(number)
                        .setScale(2, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString()));
    }

    void put(String fact, int value) {
        facts.put(fact, Integer.toString(value));
    }

    Map<String, String> asMap() {
        return facts;
    }
}
