package dev.headroom.memory;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Reads gauges again and again, on a daemon thread that lives as long as one iteration: nothing is left over from one
 * iteration to the next, and starting it takes a fraction of a millisecond, outside the timing.
 *
 * <p>The deadlines of a gauge are the multiples, since the start, of the period that its {@link Pace} says. One that
 * was missed is not made up for; it shows as a gap. A {@link Resettable} one is reset at the start and read at the end,
 * and not in between.
 */
public final class Sampler {
    /** A driver that hangs must not hang the run. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final Pace pace;
    private final Clock clock;
    private final long start;
    private final IdentityHashMap<Gauge, Series> series = new IdentityHashMap<>();
    private final List<Resettable> exact;
    private final List<Polled> polled;
    private final Thread thread = new Thread(this::run, "headroom-sampler");

    private volatile boolean stopping;
    private volatile String reading = "";
    private @Nullable Throwable death;
    private OptionalLong cpuNanos = OptionalLong.empty();
    private long stopped;

    /** Time and waiting, so that tests have their own. */
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
        exact = gauges.stream()
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
     * Starts sampling. The first readings have been made when this returns.
     *
     * @param pace of these gauges; it goes on learning what they cost
     */
    public static Sampler start(List<? extends Gauge> gauges, Pace pace) {
        Sampler sampler = new Sampler(gauges, pace, Clock.SYSTEM);
        sampler.begin();
        sampler.thread.start();
        return sampler;
    }

    void begin() {
        exact.forEach(Resettable::reset);
        readDue();
    }

    private void run() {
        try {
            poll();
        } catch (Throwable e) {
            death = e; // thrown in stop(): that thread is the one that is heard
        }
    }

    /** Reads until told to stop, and once more then. */
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
            cpuNanos = OptionalLong.of(THREADS.getCurrentThreadCpuTime());
        }
        readNow();
    }

    /** Reads all that is polled, in another thread: something is there now that may be gone at the next deadline. */
    public synchronized void readNow() {
        polled.forEach(p -> read(p, clock.nanoTime()));
    }

    private synchronized void readDue() {
        for (Polled p : polled) {
            long now = clock.nanoTime();
            if (now >= p.due) {
                read(p, now);
                long after = clock.nanoTime();
                pace.took(p.gauge, after - now);
                p.due = deadlineAfter(after, start, pace.period(p.gauge));
            }
        }
    }

    private void read(Polled p, long now) {
        reading = p.gauge.name();
        p.series.add(now, p.gauge.read());
    }

    /** The first multiple of a period since a start that is later than now. All in ns. */
    static long deadlineAfter(long now, long start, long period) {
        return start + ((now - start) / period + 1) * period;
    }

    void stopPolling() {
        stopping = true;
        LockSupport.unpark(thread);
    }

    /**
     * Stops sampling and reads a last time.
     *
     * @throws IllegalStateException if a gauge threw or does not come back: nothing it said is to be trusted
     */
    public void stop() {
        stopPolling();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while the sampler was to stop.", e);
        }
        if (thread.isAlive()) {
            throw new IllegalStateException("The sampler hangs in " + reading + ": the driver does not answer.");
        }
        if (death != null) {
            throw new IllegalStateException("The sampler died in " + reading + ": " + death, death);
        }
        end();
    }

    void end() {
        stopped = clock.nanoTime();
        exact.forEach(gauge -> of(gauge).add(stopped, gauge.read()));
        series.values().forEach(s -> s.end(stopped));
    }

    /**
     * CPU time that polling took, as a part of one core in percent, after {@link #stop}; the readings at the start and
     * at the end are not in it. Empty where the JVM does not tell.
     */
    public OptionalDouble costPercent() {
        return cpuNanos.isPresent()
                ? OptionalDouble.of(100.0 * cpuNanos.getAsLong() / (stopped - start))
                : OptionalDouble.empty();
    }

    /** What a gauge said, after {@link #stop}. */
    public Series of(Gauge gauge) {
        Series found = series.get(gauge);
        if (found == null) {
            throw new IllegalArgumentException(gauge.name() + " is not sampled here");
        }
        return found;
    }
}
