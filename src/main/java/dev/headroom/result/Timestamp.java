package dev.headroom.result;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Points in time as results have them: ISO-8601 in UTC. */
public final class Timestamp {
    private Timestamp() {}

    /** The current time, in seconds. */
    public static String seconds() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The current time, in milliseconds. */
    public static String millis() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
