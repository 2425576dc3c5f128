package dev.headroom.memory;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How often each gauge is read: so often that all readings together take at most half a percent of one core. Most of
 * that is for the leading gauges, those behind a peak that polling may miss; the others share the rest. What a reading
 * costs is the median of its last ones, so that one during which the thread was suspended changes nothing.
 *
 * <p>Periods are 1 ms doubled some times: they seldom change, deadlines stay where they are, and gauges that are due
 * together need one waking up. An interval that is given holds for the leading gauges, whatever it costs, and is what
 * the others' is doubled from.
 */
public final class Pace {
    /** The parts of one core that the leading gauges and all others may take; the rest is for waking up more slowly. */
    private static final double LEADING_SHARE = 0.003;

    private static final double OTHERS_SHARE = 0.001;

    /** What waking up takes besides reading, in ns: 30 to 40 µs were measured, see docs/meters.md. */
    private static final long WAKING = 40_000;

    /** Threads are not woken more precisely than this. */
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private static final int FIRST_READINGS = 3;

    private final Set<Gauge> leading = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<Gauge, Cost> costs = new IdentityHashMap<>();
    private final Optional<Duration> interval;

    /** The last readings of a gauge, in ns. */
    private static final class Cost {
        private static final int READINGS = 9;

        private final long[] last = new long[READINGS];
        private int count;

        void add(long nanos) {
            last[count++ % READINGS] = nanos;
        }

        long median() {
            long[] sorted = Arrays.copyOf(last, Math.min(count, READINGS));
            Arrays.sort(sorted);
            return sorted.length == 0 ? 0 : sorted[(sorted.length - 1) / 2];
        }
    }

    /**
     * For some gauges, of which those that are polled count.
     *
     * @param leading those of {@code gauges} that most of the time is for
     * @param interval from one reading of a leading gauge to the next; empty: by cost
     */
    public Pace(List<? extends Gauge> gauges, Collection<? extends Gauge> leading, Optional<Duration> interval) {
        this.leading.addAll(leading);
        this.interval = interval;
        gauges.stream().filter(gauge -> !(gauge instanceof Resettable)).forEach(gauge -> costs.put(gauge, new Cost()));
    }

    /** Reads every gauge some times, to know what it costs: the first reading of all is slow. */
    public void learn() {
        costs.forEach((gauge, cost) -> {
            for (int i = 0; i < FIRST_READINGS; i++) {
                long start = System.nanoTime();
                gauge.read();
                cost.add(System.nanoTime() - start);
            }
        });
    }

    /** Learns what a reading of a gauge took, in ns. */
    void took(Gauge gauge, long nanos) {
        cost(gauge).add(nanos);
    }

    /** From one reading of a gauge to the next, in ns. */
    long period(Gauge gauge) {
        boolean leads = leading.contains(gauge);
        double share = leads ? LEADING_SHARE / leading.size() : OTHERS_SHARE / (costs.size() - leading.size());
        double least = leads && interval.isPresent() ? 0 : (cost(gauge).median() + WAKING) / share;
        long period = interval.orElse(SHORTEST).toNanos();
        while (period < least) {
            period *= 2;
        }
        return period;
    }

    private Cost cost(Gauge gauge) {
        Cost cost = costs.get(gauge);
        if (cost == null) {
            throw new IllegalArgumentException(gauge.name() + " has no pace here");
        }
        return cost;
    }
}
