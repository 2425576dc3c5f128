package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a comparison varies: two compared cells differ in nothing else. */
public enum Dimension {
    ENVIRONMENT,
    LLAMA,
    MODEL,
    RUN;

    /** The JMH parameter with the value; no such parameter exists for {@link #LLAMA} and {@link #RUN}. */
    String parameter() {
        return toString();
    }

    @JsonValue
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
