package dev.headroom.memory;

/**
 * A gauge that keeps by itself what happens from {@link #reset} on: it is read once, in the end, and not in between.
 */
public interface Resettable extends Gauge {
    /** Begins anew from what is now. */
    void reset();
}
