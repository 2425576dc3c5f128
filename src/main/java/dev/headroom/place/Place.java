package dev.headroom.place;

import dev.headroom.fork.ForkListener;
import dev.headroom.plan.Cell;
import dev.headroom.result.ForkResult;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Where a run's forks are started: here, or in an environment that is entered for it. */
public interface Place extends Closeable {
    /**
     * How the meters fared before the first fork.
     *
     * @param report absent if it could not be had
     * @param warnings what a reader should know, that noise was heard included
     */
    record Proof(@Nullable MeterReport report, List<String> warnings) {}

    /** What is known of it before the first fork; its cells are those that run here. */
    Preparation preparation();

    /** Whether it uses this machine's cards. */
    boolean onThisMachine();

    /** Makes the synthetic models that are not there yet. */
    void makeModels(BiConsumer<Run.Model, Double> progress);

    /** Holds the meters against memory of known size, unless that was done of late. */
    Proof prove();

    /** Takes note of a fork of this run that was measured earlier. */
    void remember(ForkResult fork);

    /**
     * One fork, tried again where it could not run all the time. A failure is a result.
     *
     * @param logs the folder for the logs of forks
     * @param number 1 for the cell's first fork
     * @return empty if the run was cancelled
     */
    Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener);

    /** Ends the fork that runs; no other will be started. */
    void cancel();

    /** Whether it was cancelled, or can measure no more. */
    boolean isCancelled();

    @Override
    void close();
}
