package dev.headroom.fork;

import dev.headroom.environment.Suspension;
import dev.headroom.llama.Heartbeat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Watches a fork from outside its process. It ends the fork when the fork passes a time limit or the run is cancelled.
 * It also notices when the fork could not run: the machine slept, or the process was stopped.
 */
final class ForkWatch {
    private static final long TICK_MILLIS = 250;

    /** How long a killed process may take to end. A process that waits for a hanging driver may never end. */
    private static final long LAST_MILLIS = 30_000;

    private static final long DUMP_SECONDS = 10;

    /** This thread sleeps for {@link #TICK_MILLIS}. If that takes so many seconds, this process did not run. */
    private static final double STOOD_STILL_SECONDS = 5;

    /** The shortest sleep that is noticed: the two clocks are read one after the other, and one has steps of 10 ms. */
    private static final double SLEPT_SECONDS = 1;

    /** The same where the only other clock is the wall clock, which users and network time adjust. */
    private static final double SLEPT_BY_WALL_CLOCK_SECONDS = 60;

    private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");

    private final ForkTimeouts limits;
    private final Path heartbeat;
    private final Path threadDump;
    private final BooleanSupplier cancelled;
    private final Set<Long> before;
    private @Nullable ProcessHandle fork;
    private final AtomicLong iterations = new AtomicLong();
    private @Nullable String limitPassed;
    private @Nullable String stoodStill;
    private boolean ended = true;

    /**
     * Starts before the fork does.
     *
     * @param heartbeat the file that {@link Heartbeat} counts in
     * @param threadDump the file for a thread dump of a fork that passes a limit
     * @param cancelled polled
     */
    ForkWatch(ForkTimeouts limits, Path heartbeat, Path threadDump, BooleanSupplier cancelled) {
        this.limits = limits;
        this.heartbeat = heartbeat;
        this.threadDump = threadDump;
        this.cancelled = cancelled;
        this.before = ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    /** Counts the beginning of an iteration as progress. */
    void iteration() {
        iterations.incrementAndGet();
    }

    /** Watches until the thread that waits for the fork ends. */
    void over(Thread waiting) {
        long last = System.nanoTime();
        double atStart = secondsAwake();
        OptionalDouble start = Suspension.secondsIncludingSleep();
        double running = 0;
        double still = 0;
        long seen = 0;
        while (!joined(waiting, TICK_MILLIS)) {
            long now = System.nanoTime();
            double passed = (now - last) / 1e9;
            last = now;
            if (passed > STOOD_STILL_SECONDS) {
                notice("Headroom itself did not run for %.0f s", passed);
            }
            double counted =
                    Math.min(passed, STOOD_STILL_SECONDS); // limits count only the time in which the fork could run
            running += counted;
            long done = iterations.get() + beats();
            still = done == seen ? still + counted : 0;
            seen = done;
            if (stoodStill == null && stopped()) {
                stoodStill = "the process was stopped from outside";
            }
            if (limitPassed == null && !cancelled.getAsBoolean()) {
                limitPassed = passed(running, still);
                if (limitPassed != null) {
                    dumpThreads();
                }
            }
            if (limitPassed != null || cancelled.getAsBoolean()) {
                end(waiting);
                return;
            }
        }
        OptionalDouble end = Suspension.secondsIncludingSleep();
        if (start.isPresent() && end.isPresent()) {
            noticeSleep(end.getAsDouble() - start.getAsDouble(), secondsAwake() - atStart);
        }
    }

    /** Notices a sleep of the machine: one clock counts it, the other does not. */
    void noticeSleep(double includingSleep, double awake) {
        double slept = includingSleep - awake;
        if (slept > (MAC ? SLEPT_BY_WALL_CLOCK_SECONDS : SLEPT_SECONDS)) {
            notice("the machine slept for %.0f s", slept);
        }
    }

    private @Nullable String passed(double running, double still) {
        if (running > seconds(limits.total())) {
            return "It had not ended after " + text(limits.total())
                    + ", its time limit: --param timeLimit=TIME sets another.";
        }
        if (still > seconds(limits.stall())) {
            return "It made no progress for " + text(limits.stall())
                    + ": check whether the driver hangs; --param stallLimit=TIME waits longer.";
        }
        return null;
    }

    private void notice(String format, double seconds) {
        stoodStill = String.format(Locale.ROOT, format, seconds);
    }

    /** The limit that the fork passed, as a sentence; null if none. */
    @Nullable
    String limitPassed() {
        return limitPassed;
    }

    /** Why the fork did not run all the time, as the middle of a sentence; null if it did. */
    @Nullable
    String stoodStill() {
        return stoodStill;
    }

    /** Whether the fork's processes are gone. */
    boolean ended() {
        return ended;
    }

    /** Kills the fork's processes repeatedly, because JMH may start the fork at that moment. */
    private void end(Thread waiting) {
        long start = System.nanoTime();
        do {
            processes().forEach(ProcessHandle::destroyForcibly);
            ended = joined(waiting, TICK_MILLIS);
        } while (!ended && System.nanoTime() - start < LAST_MILLIS * 1_000_000);
    }

    /** The fork's process and its descendants. */
    private List<ProcessHandle> processes() {
        return ProcessHandle.current()
                .children()
                .filter(child -> !before.contains(child.pid()))
                .flatMap(child -> Stream.concat(child.descendants(), Stream.of(child)))
                .toList();
    }

    private long beats() {
        return Heartbeat.read(heartbeat).orElse(0);
    }

    /**
     * Whether the fork is stopped. Finding children reads every process of the machine, so the fork is looked up only
     * once. JMH starts another short JVM before it.
     */
    private boolean stopped() {
        if (fork == null || !fork.isAlive()) {
            fork = processes().stream().findFirst().orElse(null);
        }
        return fork != null && Suspension.isStopped(fork);
    }

    /** The socket that jcmd makes a JVM open on Linux. A killed JVM does not delete it. */
    private static Path attachSocket(ProcessHandle process) {
        return Path.of("/tmp", ".java_pid" + process.pid());
    }

    /**
     * Writes the thread dump with the JDK's jcmd, which works while native code runs. A Java without jcmd leaves no
     * dump.
     */
    private void dumpThreads() {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        for (ProcessHandle process : processes()) {
            try {
                Process dump = new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "Thread.print")
                        .redirectErrorStream(true)
                        .redirectOutput(threadDump.toFile())
                        .start();
                if (!dump.waitFor(DUMP_SECONDS, TimeUnit.SECONDS)) {
                    dump.destroyForcibly();
                }
                attachSocket(process).toFile().delete();
            } catch (IOException e) {
                return; // there is no jcmd
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static double secondsAwake() {
        return System.nanoTime() / 1e9;
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1e3;
    }

    private static String text(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds < 600 ? seconds + " s" : seconds / 60 + " min";
    }

    private static boolean joined(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }
}
