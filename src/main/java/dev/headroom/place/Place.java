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

/** A place where forks of a run start: the current environment, or one that Headroom enters. */
public interface Place extends Closeable {
    /**
     * The result of proving the meters before the first fork.
     *
     * @param report null if the proof failed
     * @param warnings sentences, also about noise before the run
     */
    record Proof(@Nullable MeterReport report, List<String> warnings) {}

    /** The place before its first fork. */
    Preparation preparation();

    /** Whether it uses the GPUs of this machine. */
    boolean onThisMachine();

    /** Writes the synthetic models that do not exist yet. */
    void makeModels(BiConsumer<Run.Model, Double> progress);

    /** Proves the meters with memory of known size. A report of the last day is reused. */
    Proof prove();

    /** Takes a fork into account that was measured earlier in this run. */
    void remember(ForkResult fork);

    /**
     * Measures one fork. It is repeated if it could not run all the time. A failure is a result.
     *
     * @param logs the folder for the logs of forks
     * @param number of the fork in its cell, from 1
     * @return empty if the run was cancelled
     */
    Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener);

    /** Ends the current fork and starts no other. */
    void cancel();

    /** Whether it was cancelled or can measure no more. */
    boolean isCancelled();

    @Override
    void close();
}
