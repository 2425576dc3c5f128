package dev.headroom.memory;

import com.sun.jna.Memory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Counts how many short spikes of resident memory the sampler catches at an interval of 1 ms. Needs Linux and an idle
 * machine. docs/benchmarks.md has the command and the results.
 */
final class SpikeTrials {
    private static final int TRIALS = 100;
    private static final long BYTES = 32L << 20;
    private static final long SPIKE_NANOS = 5_000_000;

    private SpikeTrials() {}

    public static void main(String[] args) throws Exception {
        List<Meter> meters = LinuxMemory.open(LinuxMemory.Reading.RSS);
        Pace pace = new Pace(meters, meters, Duration.ofMillis(1), false);
        Random random = new Random(1);
        int caught = 0;
        double[] gaps = new double[TRIALS];
        double cost = 0;
        for (int trial = -TRIALS; trial < TRIALS; trial++) { // the first half is warm-up
            long before = meters.get(0).read().orElseThrow();
            Sampler sampler = Sampler.start(meters, pace);
            Thread.sleep(20, random.nextInt(1_000_000));
            spike();
            Thread.sleep(20);
            sampler.stop();
            if (trial >= 0) {
                Series series = sampler.of(meters.get(0));
                caught += series.peak().orElseThrow() - before > BYTES * 0.95 ? 1 : 0;
                gaps[trial] = series.longestGapMillis();
                cost += sampler.costPercent().orElseThrow() / TRIALS;
            }
        }
        Arrays.sort(gaps);
        System.out.printf(
                Locale.ROOT,
                "caught %d of %d; longest gap %.2f ms in the median, %.2f ms at most; %.1f %% of a core%n",
                caught,
                TRIALS,
                gaps[TRIALS / 2],
                gaps[TRIALS - 1],
                cost);
    }

    /** Holds the whole block for the duration of the spike. */
    private static void spike() {
        try (Memory memory = new Memory(BYTES)) {
            memory.setMemory(0, BYTES, (byte) 1);
            for (long touched = System.nanoTime(); System.nanoTime() - touched < SPIKE_NANOS; ) {
                Thread.onSpinWait();
            }
        }
    }
}
