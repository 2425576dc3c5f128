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
 * How often each gauge is read: so often that all readings together take at most half a percent of one core. Half of that
 * is for the leading gauges, those behind the metric that matters most; the others share the rest. What a reading costs
 * is the median of its last ones, so that one during which the thread was suspended changes nothing.
 *
 * <p>An interval that is given holds for the leading gauges, whatever it costs.
 */
public final class Pace {
    /** The part of one core that each half may take. */
    private static final double HALF_SHARE = 0.0025;

    /** What waking up takes besides reading, in ns: 30 to 40 µs were measured, see docs/meters.md. */
    private static final long WAKING = 40_000;

    /** Threads are not woken more precisely than this, in ns. */
    private static final long SHORTEST = 1_000_000;

    private final Set<Gauge> leading = Collections.newSetFromMap(new IdentityHashMap<>());
    private final int others;
    private final Optional<Duration> interval;
    private final IdentityHashMap<Gauge, Cost> costs = new IdentityHashMap<>();

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
            return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
        }
    }

    /**
     * For some gauges.
     *
     * @param leading those of {@code gauges} that half of the time is for
     * @param interval from one reading of a leading gauge to the next; empty: by cost
     */
    public Pace(List<? extends Gauge> gauges, Collection<? extends Gauge> leading, Optional<Duration> interval) {
        this.leading.addAll(leading);
        this.others = gauges.size() - this.leading.size();
        this.interval = interval;
        gauges.forEach(gauge -> costs.put(gauge, new Cost()));
    }

    /** Learns what a reading of a gauge took, in ns. */
    void took(Gauge gauge, long nanos) {
        cost(gauge).add(nanos);
    }

    /** From one reading of a gauge to the next, in ns; a multiple of what the leading gauges have, to wake up together. */
    long period(Gauge gauge) {
        long base = leading.stream().mapToLong(this::leadingPeriod).max().orElse(SHORTEST);
        if (leading.contains(gauge)) {
            return base;
        }
        return (byCost(gauge, others) + base - 1) / base * base;
    }

    private long leadingPeriod(Gauge gauge) {
        return interval.map(Duration::toNanos).orElseGet(() -> Math.max(SHORTEST, byCost(gauge, leading.size())));
    }

    private long byCost(Gauge gauge, int sharing) {
        return Math.round((cost(gauge).median() + WAKING) * sharing / HALF_SHARE);
    }

    private Cost cost(Gauge gauge) {
        Cost cost = costs.get(gauge);
        if (cost == null) {
            throw new IllegalArgumentException(gauge.name() + " has no pace here");
        }
        return cost;
    }
}
