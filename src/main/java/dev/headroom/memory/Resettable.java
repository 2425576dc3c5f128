package dev.headroom.memory;

/** A gauge that records by itself what happens after {@link #reset}. It is read once at the end, and not polled. */
public interface Resettable extends Gauge {
    /** Starts a new record from the current value. */
    void reset();
}
