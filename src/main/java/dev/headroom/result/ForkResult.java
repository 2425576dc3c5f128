package dev.headroom.result;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One fork of one cell: a line of {@code journal.jsonl}, from the second on.
 *
 * @param cell the cell's id
 * @param fork 1 for the first
 * @param reason one sentence, for every status but ok
 * @param logTail llama.cpp's last lines, for every status but ok
 * @param started ISO-8601 instant
 * @param seconds wall time of the fork, its start included
 * @param memory absent if the fork ended before its profiler was there
 * @param repeats why earlier tries of this fork were thrown away, the middle of a sentence each
 * @param noise what disturbed it; empty also where nobody looked
 */
public record ForkResult(
        String cell,
        int fork,
        Status status,
        @Nullable String reason,
        List<String> logTail,
        String started,
        double seconds,
        List<Iteration> iterations,
        @Nullable Observed observed,
        @Nullable ForkMemory memory,
        List<String> repeats,
        List<Noise> noise) {

    /** A fork that was not started. */
    public static ForkResult refused(String cell, int fork, String reason, String started) {
        return failed(cell, fork, Status.REFUSED, reason, started, 0);
    }

    /** A fork of which nothing is known but that it did not measure. */
    public static ForkResult failed(
            String cell, int fork, Status status, String reason, String started, double seconds) {
        return new ForkResult(
                cell, fork, status, reason, List.of(), started, seconds, List.of(), null, null, List.of(), List.of());
    }

    /** The same, with why earlier tries were thrown away. */
    public ForkResult after(List<String> earlier) {
        return new ForkResult(
                cell, fork, status, reason, logTail, started, seconds, iterations, observed, memory, earlier, noise);
    }

    /** The same with what disturbed it. */
    public ForkResult with(List<Noise> disturbed) {
        return new ForkResult(
                cell,
                fork,
                status,
                reason,
                logTail,
                started,
                seconds,
                iterations,
                observed,
                memory,
                repeats,
                disturbed);
    }

    /** The same with metrics of the whole fork, in each of its iterations. */
    public ForkResult beside(Map<String, Metric> metrics) {
        List<Iteration> all =
                iterations.stream().map(iteration -> iteration.with(metrics)).toList();
        return new ForkResult(
                cell, fork, status, reason, logTail, started, seconds, all, observed, memory, repeats, noise);
    }

    /** The same as no measurement. */
    public ForkResult refused(String because) {
        return new ForkResult(
                cell,
                fork,
                Status.REFUSED,
                because,
                logTail,
                started,
                seconds,
                List.of(),
                observed,
                memory,
                repeats,
                noise);
    }

    /** Whether it measured. */
    public boolean ok() {
        return status == Status.OK;
    }
}
