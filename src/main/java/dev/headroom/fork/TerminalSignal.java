package dev.headroom.fork;

import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A signal that a terminal sends to all of its processes. A child may end before this process receives it. */
public final class TerminalSignal {
    /** Exit codes of a JVM ended by SIGHUP, SIGINT or SIGTERM. */
    private static final Set<Integer> EXIT_CODES = Set.of(129, 130, 143);

    /** How long this process may take to receive the same signal. */
    private static final long NOTICE_MILLIS = 2_000;

    private TerminalSignal() {}

    /**
     * Whether the run is cancelled. If such a signal ended a child, this waits up to two seconds for the cancellation.
     *
     * @param exit exit code of the child; null if it did not end by itself
     */
    public static boolean cancels(@Nullable Integer exit, BooleanSupplier cancelled) {
        long start = System.nanoTime();
        while (!cancelled.getAsBoolean()
                && exit != null
                && EXIT_CODES.contains(exit)
                && System.nanoTime() - start < NOTICE_MILLIS * 1_000_000) {
            LockSupport.parkNanos(50_000_000);
        }
        return cancelled.getAsBoolean();
    }
}
