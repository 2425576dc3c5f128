package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is to be believed of a difference. */
public enum Verdict {
    /** Really there, and to the good. */
    BETTER,
    /** Really there, and to the bad. */
    WORSE,
    /** None is seen, and one of more than the interval's farther end is ruled out. */
    NO_DIFFERENCE,
    /** None is seen, and one that would matter is not ruled out. */
    UNCLEAR,
    /** The figures are not of the same thing. */
    INCOMPARABLE;

    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
