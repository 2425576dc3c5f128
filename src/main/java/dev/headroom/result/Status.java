package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a fork or a cell ended. Each but {@link #OK} comes with a reason. */
public enum Status {
    /** Measured. */
    OK,
    /** Out of memory: an allocation of llama.cpp or the driver failed. */
    OOM,
    /** The process ended by a signal or an abort. */
    CRASHED,
    /** The time limit passed. */
    TIMEOUT,
    /** llama.cpp or Headroom refused it: an unsupported model, a setting that does not fit. */
    REFUSED,
    /** Not run: the run ended before it. */
    CANCELLED;

    @JsonValue
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    @JsonCreator
    static Status of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
