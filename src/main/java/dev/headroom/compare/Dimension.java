package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is compared: all else of two cells is the same. */
public enum Dimension {
    ENVIRONMENT,
    LLAMA,
    MODEL,
    RUN;

    /** The JMH parameter that holds its value; the others have none, and this then names nothing. */
    String parameter() {
        return text();
    }

    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return text();
    }
}
