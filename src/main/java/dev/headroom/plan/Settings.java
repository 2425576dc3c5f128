package dev.headroom.plan;

import java.time.Duration;
import java.util.Optional;

/**
 * How often a cell is measured.
 *
 * @param forks fresh JVMs, 1 to 1000
 * @param warmup iterations of each fork that are thrown away, 0 to 100,000
 * @param iterations iterations of each fork that count, 1 to 100,000
 * @param time of one iteration, warm-up or not, 1 ms to 1 h; means nothing for single shots
 * @param sampling from one reading of the meter that matters most to the next, 1 ms to 1 s; empty: as its cost allows
 * @param timeLimit of a fork, 1 s to 168 h; empty: derived from what it is estimated to take
 * @param stallLimit of a fork that shows no progress, 1 s to 168 h; empty: derived as well
 */
public record Settings(
        int forks,
        int warmup,
        int iterations,
        Duration time,
        Optional<Duration> sampling,
        Optional<Duration> timeLimit,
        Optional<Duration> stallLimit) {}
