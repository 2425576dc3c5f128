package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The verdict on a difference. docs/statistics.md has the rules. */
public enum Verdict {
    /** The interval excludes 0, and the direction is good. */
    BETTER,
    /** The interval excludes 0, and the direction is bad. */
    WORSE,
    /** The interval contains 0, and only negligible differences. */
    NO_DIFFERENCE,
    /** The interval contains 0, and differences that matter. */
    UNCLEAR,
    /** The measurements are not of the same thing. */
    INCOMPARABLE;

    /** Whether a difference was found. */
    public boolean found() {
        return this == BETTER || this == WORSE;
    }

    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
