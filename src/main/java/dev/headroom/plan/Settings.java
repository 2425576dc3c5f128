package dev.headroom.plan;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often and how long a cell is measured.
 *
 * @param forks fresh JVMs, 1 to 1000
 * @param warmup warm-up iterations of each fork, 0 to 100,000
 * @param iterations measured iterations of each fork, 1 to 100,000
 * @param time of one iteration, 1 ms to 1 h; single shots ignore it
 * @param sampling interval between two readings of the leading meter, 1 ms to 1 s; absent: chosen by the meter's cost
 * @param timeLimit of a fork, 1 s to 168 h; absent: derived from the estimated duration
 * @param stallLimit of a fork without progress, 1 s to 168 h; absent: derived from the estimated duration
 */
public record Settings(
        int forks,
        int warmup,
        int iterations,
        Duration time,
        @Nullable Duration sampling,
        @Nullable Duration timeLimit,
        @Nullable Duration stallLimit) {}
