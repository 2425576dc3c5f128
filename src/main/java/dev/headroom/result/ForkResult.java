package dev.headroom.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One fork of one cell: a line of {@code journal.jsonl}.
 *
 * @param cell the cell's id
 * @param fork 1 for the first
 * @param reason one sentence, for every status but ok
 * @param logTail llama.cpp's last lines, for every status but ok
 * @param started ISO-8601 instant
 * @param seconds wall time of the fork, its start included
 * @param memory absent if the fork ended before its profiler was there
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
        List<Noise> noise) {

    public ForkResult {
        noise = noise == null ? List.of() : List.copyOf(noise); // journals of before have none
    }

    /** One that nobody has looked for noise around. */
    public ForkResult(
            String cell,
            int fork,
            Status status,
            @Nullable String reason,
            List<String> logTail,
            String started,
            double seconds,
            List<Iteration> iterations,
            @Nullable Observed observed,
            @Nullable ForkMemory memory) {
        this(cell, fork, status, reason, logTail, started, seconds, iterations, observed, memory, List.of());
    }

    /** A fork that was not started. */
    public static ForkResult refused(String cell, int fork, String reason, String started) {
        return new ForkResult(cell, fork, Status.REFUSED, reason, List.of(), started, 0, List.of(), null, null);
    }

    /** The same with what disturbed it. */
    public ForkResult with(List<Noise> disturbed) {
        return new ForkResult(
                cell, fork, status, reason, logTail, started, seconds, iterations, observed, memory, disturbed);
    }

    /** The same as no measurement. */
    public ForkResult refused(String because) {
        return new ForkResult(
                cell, fork, Status.REFUSED, because, logTail, started, seconds, List.of(), observed, memory, noise);
    }

    /** Whether it measured. */
    public boolean ok() {
        return status == Status.OK;
    }
}
