package dev.headroom.fork;

import dev.headroom.plan.Cell;
import java.time.Duration;
import java.util.Objects;

/**
 * The time limits of a fork, its JVM's start included. A fork that passes one is ended as {@code timeout}.
 *
 * @param total for the whole fork
 * @param stall without progress: no token or batch decoded, no line in llama.cpp's log, no iteration begun
 */
public record ForkTimeouts(Duration total, Duration stall) {
    /** Factor on the estimate. Estimates are rough, and a machine may be ten times slower than they assume. */
    private static final double ESTIMATE_FACTOR = 20;

    /** The shortest limit. A driver may compile shaders and a disk may spin up, even in a short cell. */
    private static final Duration LEAST = Duration.ofMinutes(10);

    /**
     * The limits in the plan, or else limits derived from the estimate.
     *
     * @param slowness the largest ratio of measured to estimated time so far, at least 1
     */
    public static ForkTimeouts of(Cell cell, DurationEstimate estimate, double slowness) {
        double times = ESTIMATE_FACTOR * Math.max(1, slowness);
        Duration total = LEAST.plus(times(estimate.fork(), times));
        Duration stall = LEAST.plus(cell.settings().time()).plus(times(estimate.batch(), times));
        return new ForkTimeouts(
                Objects.requireNonNullElse(cell.settings().timeLimit(), total),
                Objects.requireNonNullElse(cell.settings().stallLimit(), stall));
    }

    private static Duration times(Duration duration, double factor) {
        return Duration.ofMillis(Math.round(duration.toMillis() * factor));
    }
}
