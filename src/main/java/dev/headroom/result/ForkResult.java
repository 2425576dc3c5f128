package dev.headroom.result;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One fork of one cell: a line of {@code journal.jsonl}, from the second line on.
 *
 * @param cell the cell's id
 * @param fork number of the fork in its cell, from 1
 * @param reason one sentence; absent only if the status is ok
 * @param logTail llama.cpp's last lines; empty if the status is ok
 * @param started ISO-8601 instant
 * @param seconds wall time of the fork, JVM start included
 * @param memory absent if the fork ended before its profiler started
 * @param repeats why earlier tries of this fork were thrown away, each a clause without a full stop
 * @param noise what disturbed it; empty also if noise was not watched
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

    /** A fork that measured nothing. */
    public static ForkResult failed(
            String cell, int fork, Status status, String reason, String started, double seconds) {
        return new ForkResult(
                cell, fork, status, reason, List.of(), started, seconds, List.of(), null, null, List.of(), List.of());
    }

    /** A fork that measured. */
    public static ForkResult measured(
            String cell, int fork, List<Iteration> iterations, String started, double seconds) {
        return new ForkResult(
                cell, fork, Status.OK, null, List.of(), started, seconds, iterations, null, null, List.of(), List.of());
    }

    /** A copy with the facts that the fork left behind. A fork that measured has no last lines of a log. */
    public ForkResult with(@Nullable Observed seen, @Nullable ForkMemory report, List<String> lastLines) {
        return new ForkResult(
                cell,
                fork,
                status,
                reason,
                ok() ? List.of() : lastLines,
                started,
                seconds,
                iterations,
                seen,
                report,
                repeats,
                noise);
    }

    /** A copy with the reasons why earlier tries were thrown away. */
    public ForkResult after(List<String> earlier) {
        return copy(status, reason, iterations, earlier, noise);
    }

    /** A copy with what disturbed it. */
    public ForkResult with(List<Noise> disturbed) {
        return copy(status, reason, iterations, repeats, disturbed);
    }

    /** A copy with metrics of the whole fork, added to each of its iterations. */
    public ForkResult beside(Map<Metric, MetricValue> metrics) {
        return copy(
                status,
                reason,
                iterations.stream().map(iteration -> iteration.with(metrics)).toList(),
                repeats,
                noise);
    }

    /** A copy without its iterations, with status {@link Status#REFUSED}. */
    public ForkResult refused(String because) {
        return copy(Status.REFUSED, because, List.of(), repeats, noise);
    }

    private ForkResult copy(
            Status now, @Nullable String because, List<Iteration> kept, List<String> tries, List<Noise> disturbed) {
        return new ForkResult(
                cell, fork, now, because, logTail, started, seconds, kept, observed, memory, tries, disturbed);
    }

    /** Whether it measured. */
    public boolean ok() {
        return status == Status.OK;
    }
}
