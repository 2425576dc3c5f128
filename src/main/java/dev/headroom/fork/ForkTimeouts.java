package dev.headroom.fork;

import dev.headroom.plan.Cell;
import java.time.Duration;

/**
 * How long a fork may take, its JVM's start included, before it counts as hanging.
 *
 * @param total altogether
 * @param stall without any progress: no token or batch decoded, no line in llama.cpp's log, no iteration begun
 */
public record ForkTimeouts(Duration total, Duration stall) {
    /** Estimates are rough, and a machine may be ten times slower than they assume. */
    private static final double GENEROUS = 20;

    /** A driver may compile shaders, a disk may spin up: no cell is so short that less would be safe. */
    private static final Duration LEAST = Duration.ofMinutes(10);

    /**
     * What the plan says, or else derived from what the cell was estimated to take.
     *
     * @param slowness how many times longer than estimated the slowest fork so far took; 1 if none did
     */
    public static ForkTimeouts of(Cell cell, DurationEstimate estimate, double slowness) {
        double times = GENEROUS * Math.max(1, slowness);
        Duration total = LEAST.plus(times(estimate.fork(), times));
        Duration stall = LEAST.plus(cell.settings().time()).plus(times(estimate.batch(), times));
        return new ForkTimeouts(
                cell.settings().timeLimit().orElse(total),
                cell.settings().stallLimit().orElse(stall));
    }

    private static Duration times(Duration duration, double factor) {
        return Duration.ofMillis(Math.round(duration.toMillis() * factor));
    }
}
