package dev.headroom.run;

import dev.headroom.fork.ForkListener;
import dev.headroom.plan.Cell;
import dev.headroom.result.CellResult;

/** Receives the progress of a run. */
public interface RunListener extends ForkListener {
    /** The proof of the meters begins. It is skipped if a recent proof exists. */
    void proving();

    /**
     * All forks of a cell have ended.
     *
     * @param seconds sum over its forks
     */
    void cell(Cell cell, CellResult result, double seconds);
}
