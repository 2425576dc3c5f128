package dev.headroom.memory;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The sampling period of each gauge. Periods are chosen so that all readings together take at most 0.5 % of one core.
 * The leading gauges get most of that: a peak of theirs matters, and polling may miss it. All others share the rest.
 * The cost of a reading is the median of the last ones, so one suspension of the thread changes nothing.
 *
 * <p>If a core is free, the leading gauges are read every 4 ms, so that no spike of 5 ms hides. Readings too expensive
 * for that keep the period that they have without a free core.
 *
 * <p>A period is 1 ms times a power of two. So periods seldom change, deadlines stay aligned, and gauges that are due
 * together need only one wake-up. A given interval is the period of the leading gauges, whatever it costs. The periods
 * of the others are then that interval times a power of two.
 */
public final class Pace {
    /** Shares of one core, for the leading gauges and for all others. The rest is reserve for slower wake-ups. */
    private static final double LEADING_SHARE = 0.003;

    private static final double OTHERS_SHARE = 0.001;

    /** The period with a free core. */
    private static final long WITH_FREE_CORE = Duration.ofMillis(4).toNanos();

    /** The largest share of a free core. docs/benchmarks.md has its measured effect on speed. */
    private static final double FREE_CORE_SHARE = 0.04;

    /** Cost of a wake-up besides the reading, in ns. Measured: 30 to 40 µs, see docs/meters.md. */
    private static final long WAKE_UP = 40_000;

    /** Threads do not wake up more precisely than this. */
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private static final int FIRST_READINGS = 3;

    private final Set<Gauge> leading = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<Gauge, Cost> costs = new IdentityHashMap<>();
    private final @Nullable Duration interval;
    private final boolean freeCore;

    /** Durations of a gauge's last readings, in ns. */
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
     * Creates periods for some gauges. Gauges that are not polled do not count.
     *
     * @param leading the gauges that most of the time is for; a subset of {@code gauges}
     * @param interval period of the leading gauges; null: chosen by cost
     * @param freeCore whether the benchmark leaves a core free
     */
    public Pace(
            List<? extends Gauge> gauges,
            Collection<? extends Gauge> leading,
            @Nullable Duration interval,
            boolean freeCore) {
        this.leading.addAll(leading);
        this.interval = interval;
        this.freeCore = freeCore;
        gauges.stream().filter(gauge -> !(gauge instanceof Resettable)).forEach(gauge -> costs.put(gauge, new Cost()));
    }

    /** Reads each polled gauge three times to measure its cost. The very first reading is always slow. */
    public void measureCosts() {
        costs.forEach((gauge, cost) -> {
            for (int i = 0; i < FIRST_READINGS; i++) {
                long start = System.nanoTime();
                gauge.read();
                cost.add(System.nanoTime() - start);
            }
        });
    }

    /** Records the duration of a reading in ns. */
    void addCost(Gauge gauge, long nanos) {
        cost(gauge).add(nanos);
    }

    /** Time from one reading of a gauge to the next, in ns. */
    long period(Gauge gauge) {
        boolean leads = leading.contains(gauge);
        double cost = cost(gauge).median() + WAKE_UP;
        if (leads && interval == null && freeCore && cost <= FREE_CORE_SHARE / leading.size() * WITH_FREE_CORE) {
            return WITH_FREE_CORE;
        }
        double share = leads ? LEADING_SHARE / leading.size() : OTHERS_SHARE / (costs.size() - leading.size());
        double shortest = leads && interval != null ? 0 : cost / share;
        long period = (interval == null ? SHORTEST : interval).toNanos();
        while (period < shortest) {
            period *= 2;
        }
        return period;
    }

    private Cost cost(Gauge gauge) {
        Cost cost = costs.get(gauge);
        if (cost == null) {
            throw new IllegalArgumentException(gauge.name() + " is not polled here.");
        }
        return cost;
    }
}
