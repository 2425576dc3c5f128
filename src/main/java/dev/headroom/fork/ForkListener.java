package dev.headroom.fork;

import dev.headroom.plan.Cell;

/** Receives the progress of a fork. */
public interface ForkListener {
    /** Receives a warning about the results, one or two sentences. */
    void warning(String text);

    /** A fork begins. */
    void fork(Cell cell, int fork);

    /**
     * An iteration of the fork begins.
     *
     * @param iteration 1 for the first; warm-up iterations count too
     */
    void iteration(Cell cell, int fork, int iteration);
}
