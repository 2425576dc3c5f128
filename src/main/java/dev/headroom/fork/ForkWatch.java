package dev.headroom.fork;

import dev.headroom.environment.Asleep;
import dev.headroom.llama.Heartbeat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Stands beside a fork, outside of its process: ends it when it passes a limit or the run is cancelled, and notices
 * when it could not run, as the machine slept or somebody stopped it.
 */
final class ForkWatch {
    private static final long TICK_MILLIS = 250;

    /** How long a killed process may take to be gone. One that waits for a driver that hangs may never be. */
    private static final long LAST_MILLIS = 30_000;

    private static final long DUMP_SECONDS = 10;

    /** This thread sleeps a quarter of a second: when that takes so long, nothing here ran. */
    private static final double STOOD_STILL_SECONDS = 5;

    /** The clocks are read one after the other, and the kernel's is given to a hundredth. */
    private static final double SLEPT_SECONDS = 1;

    /** A wall clock is also set by people and by network time. */
    private static final double SLEPT_BY_WALL_CLOCK_SECONDS = 60;

    private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");

    private final ForkTimeouts limits;
    private final Path heartbeat;
    private final Path threadDump;
    private final BooleanSupplier cancelled;
    private final Set<Long> before;
    private Optional<ProcessHandle> fork = Optional.empty();
    private final AtomicLong iterations = new AtomicLong();
    private Optional<String> limitPassed = Optional.empty();
    private Optional<String> stoodStill = Optional.empty();
    private boolean ended = true;

    /**
     * Made before the fork is started.
     *
     * @param heartbeat the file that {@link Heartbeat} counts in
     * @param threadDump where the Java threads of a fork that passes a limit are written to
     * @param cancelled asked again and again
     */
    ForkWatch(ForkTimeouts limits, Path heartbeat, Path threadDump, BooleanSupplier cancelled) {
        this.limits = limits;
        this.heartbeat = heartbeat;
        this.threadDump = threadDump;
        this.cancelled = cancelled;
        this.before = ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    /** An iteration of the fork begins. */
    void iteration() {
        iterations.incrementAndGet();
    }

    /** Watches until the thread that waits for the fork ends. */
    void over(Thread waiting) {
        long last = System.nanoTime();
        double atStart = secondsAwake();
        OptionalDouble asleepToo = Asleep.seconds();
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
            double counted = Math.min(passed, STOOD_STILL_SECONDS); // limits are about a fork that can run
            running += counted;
            long done = iterations.get() + beats();
            still = done == seen ? still + counted : 0;
            seen = done;
            if (stoodStill.isEmpty() && stopped()) {
                stoodStill = Optional.of("the process was stopped from outside");
            }
            if (limitPassed.isEmpty() && !cancelled.getAsBoolean()) {
                limitPassed = passed(running, still);
                if (limitPassed.isPresent()) {
                    dumpThreads();
                }
            }
            if (limitPassed.isPresent() || cancelled.getAsBoolean()) {
                end(waiting);
                return;
            }
        }
        slept(asleepToo, Asleep.seconds(), secondsAwake() - atStart, MAC ? SLEPT_BY_WALL_CLOCK_SECONDS : SLEPT_SECONDS)
                .ifPresent(seconds -> notice("the machine slept for %.0f s", seconds));
    }

    private Optional<String> passed(double running, double still) {
        if (running > seconds(limits.total())) {
            return Optional.of("It had not ended after " + text(limits.total())
                    + ", its time limit: --param timeLimit=TIME sets another.");
        }
        if (still > seconds(limits.stall())) {
            return Optional.of("It made no progress for " + text(limits.stall())
                    + ": see whether the driver hangs; --param stallLimit=TIME waits longer.");
        }
        return Optional.empty();
    }

    private void notice(String format, double seconds) {
        stoodStill = Optional.of(String.format(Locale.ROOT, format, seconds));
    }

    /** Which limit the fork passed, as a sentence; empty if none. */
    Optional<String> limitPassed() {
        return limitPassed;
    }

    /** Why the fork did not run all the time, as the middle of a sentence; empty if it did. */
    Optional<String> stoodStill() {
        return stoodStill;
    }

    /** Whether the fork's processes are gone. */
    boolean ended() {
        return ended;
    }

    /** Again and again, as JMH may be about to start the fork. */
    private void end(Thread waiting) {
        long start = System.nanoTime();
        do {
            processes().forEach(ProcessHandle::destroyForcibly);
            ended = joined(waiting, TICK_MILLIS);
        } while (!ended && System.nanoTime() - start < LAST_MILLIS * 1_000_000);
    }

    /** The fork's process and those that it started. */
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
     * Looking for children means looking at every process of the machine: that is done until the fork is there. JMH
     * tries a JVM for a moment before.
     */
    private boolean stopped() {
        fork = fork.filter(ProcessHandle::isAlive);
        if (fork.isEmpty()) {
            fork = processes().stream().findFirst();
        }
        return fork.filter(Asleep::isStopped).isPresent();
    }

    /** What jcmd has a JVM of Linux listen on: one that is killed leaves it behind. */
    private static Path attachSocket(ProcessHandle process) {
        return Path.of("/tmp", ".java_pid" + process.pid());
    }

    /** The JDK's jcmd does it from outside, also while native code runs; a Java without it leaves no dump. */
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

    /**
     * How long the machine slept: the other clock went on then, that of this Java did not. Where there is no other,
     * Java's own goes on, and a sleep shows as time in which Headroom did not run.
     */
    static OptionalDouble slept(OptionalDouble before, OptionalDouble after, double awake, double least) {
        if (before.isEmpty() || after.isEmpty()) {
            return OptionalDouble.empty();
        }
        double slept = after.getAsDouble() - before.getAsDouble() - awake;
        return slept > least ? OptionalDouble.of(slept) : OptionalDouble.empty();
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
