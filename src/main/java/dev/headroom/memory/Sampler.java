package dev.headroom.memory;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Polls gauges on a daemon thread during one iteration. Nothing carries over to the next iteration. The thread starts
 * in a fraction of a millisecond, outside the timed part.
 *
 * <p>The deadlines of a gauge are multiples of its {@link Pace#period} since the start. A missed deadline is not made
 * up for, and shows as a gap. A {@link Resettable} gauge is not polled: it is reset at the start and read at the end.
 */
public final class Sampler {
    /** Time limit for {@link #stop}: a driver that hangs must not hang the run. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Pace pace;
    private final Clock clock;
    private final long start;
    private final IdentityHashMap<Gauge, Series> series = new IdentityHashMap<>();
    private final List<Resettable> resettable;
    private final List<Polled> polled;
    private final Thread thread = new Thread(this::run, "headroom-sampler");

    private volatile boolean stopping;
    private volatile String current = "";
    private @Nullable Throwable failure;
    private @Nullable Long cpuNanos;
    private long stopped;

    /** Source of time and waiting. Tests have their own. */
    interface Clock {
        Clock SYSTEM = new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void parkNanos(long nanos) {
                LockSupport.parkNanos(nanos);
            }
        };

        long nanoTime();

        void parkNanos(long nanos);
    }

    private static final class Polled {
        private final Gauge gauge;
        private final Series series;
        private long due;

        Polled(Gauge gauge, Series series, long start) {
            this.gauge = gauge;
            this.series = series;
            due = start;
        }
    }

    Sampler(List<? extends Gauge> gauges, Pace pace, Clock clock) {
        this.pace = pace;
        this.clock = clock;
        start = clock.nanoTime();
        gauges.forEach(gauge -> series.put(gauge, new Series(start)));
        resettable = gauges.stream()
                .filter(Resettable.class::isInstance)
                .map(Resettable.class::cast)
                .toList();
        polled = gauges.stream()
                .filter(gauge -> !(gauge instanceof Resettable))
                .map(gauge -> new Polled(gauge, of(gauge), start))
                .toList();
        thread.setDaemon(true);
    }

    /**
     * Starts sampling. Returns after the first readings.
     *
     * @param pace periods of these gauges; the sampler adds the cost of each reading
     */
    public static Sampler start(List<? extends Gauge> gauges, Pace pace) {
        Sampler sampler = new Sampler(gauges, pace, Clock.SYSTEM);
        sampler.begin();
        sampler.thread.start();
        return sampler;
    }

    void begin() {
        resettable.forEach(Resettable::reset);
        readDue();
    }

    private void run() {
        try {
            poll();
        } catch (Throwable e) {
            failure = e; // stop() throws it in the caller's thread
        }
    }

    /** Reads until {@link #stopPolling}, and then once more. */
    void poll() {
        while (!stopping) {
            long due = polled.stream().mapToLong(p -> p.due).min().orElse(Long.MAX_VALUE);
            long wait = due - clock.nanoTime();
            if (wait > 0) {
                clock.parkNanos(wait);
            } else {
                readDue();
            }
        }
        if (THREADS.isCurrentThreadCpuTimeSupported()) {
            cpuNanos = THREADS.getCurrentThreadCpuTime();
        }
        readNow();
    }

    /** Reads all polled gauges in the caller's thread. A short-lived allocation may be freed before the next sample. */
    public synchronized void readNow() {
        polled.forEach(p -> read(p.gauge, p.series, clock.nanoTime()));
    }

    private synchronized void readDue() {
        for (Polled p : polled) {
            long now = clock.nanoTime();
            if (now >= p.due) {
                read(p.gauge, p.series, now);
                long after = clock.nanoTime();
                pace.addCost(p.gauge, after - now);
                p.due = deadlineAfter(after, start, pace.period(p.gauge));
            }
        }
    }

    private void read(Gauge gauge, Series series, long now) {
        current = gauge.name();
        gauge.read().ifPresentOrElse(value -> series.add(now, value), series::addMissing);
    }

    /** The first time after {@code now} that is a multiple of the period since the start. All in ns. */
    static long deadlineAfter(long now, long start, long period) {
        return start + ((now - start) / period + 1) * period;
    }

    void stopPolling() {
        stopping = true;
        LockSupport.unpark(thread);
    }

    /**
     * Stops sampling, and reads all gauges a last time.
     *
     * @throws IllegalStateException if a gauge threw an exception or hangs; the readings are then not valid
     */
    public void stop() {
        stopPolling();
        try {
            thread.join(STOP_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while the sampler stopped.", e);
        }
        if (thread.isAlive()) {
            throw new IllegalStateException("The sampler hangs: " + current + " did not return within "
                    + STOP_TIMEOUT.toSeconds() + " s. Restart the GPU driver.");
        }
        if (failure != null) {
            throw new IllegalStateException("The sampler failed to read " + current + ": " + failure, failure);
        }
        end();
    }

    void end() {
        stopped = clock.nanoTime();
        resettable.forEach(gauge -> read(gauge, of(gauge), stopped));
        series.values().forEach(s -> s.end(stopped));
    }

    /**
     * CPU time of polling, in percent of one core, after {@link #stop}. The readings at the start and at the end do not
     * count. Empty if the JVM does not measure it.
     */
    public OptionalDouble costPercent() {
        return cpuNanos == null ? OptionalDouble.empty() : OptionalDouble.of(100.0 * cpuNanos / (stopped - start));
    }

    /** The readings of a gauge, after {@link #stop}. */
    public Series of(Gauge gauge) {
        Series found = series.get(gauge);
        if (found == null) {
            throw new IllegalArgumentException(gauge.name() + " is not sampled here.");
        }
        return found;
    }
}
