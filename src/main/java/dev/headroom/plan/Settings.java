package dev.headroom.plan;

import java.time.Duration;

/**
 * How often a cell is measured.
 *
 * @param forks fresh JVMs, 1 to 1000
 * @param warmup iterations of each fork that are thrown away, 0 to 100,000
 * @param iterations iterations of each fork that count, 1 to 100,000
 * @param time of one iteration, warm-up or not, 1 ms to 1 h; means nothing for single shots
 */
public record Settings(int forks, int warmup, int iterations, Duration time) {}
