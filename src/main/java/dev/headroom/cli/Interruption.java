package dev.headroom.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * An orderly end after Ctrl-C, a closed terminal or SIGTERM: the JVM waits until current work has been stopped and
 * saved. The JVM sets the exit code itself, 130 after Ctrl-C.
 */
final class Interruption {
    /** The longest wait for a killed fork to end and for files to be written. */
    private static final long MAX_SECONDS = 60;

    private final CountDownLatch finished = new CountDownLatch(1);

    private Interruption() {}

    /** Runs a task when the JVM is about to end, then waits for {@link #finish()}. */
    static Interruption of(Runnable task) {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (interruption.finished.getCount() > 0) {
                task.run();
                interruption.await();
            }
        }));
        return interruption;
    }

    private void await() {
        try {
            if (!finished.await(MAX_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("headroom: The fork has not ended within " + MAX_SECONDS
                        + " s. The journal has all results so far.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the JVM end: all work is stopped and saved. */
    void finish() {
        finished.countDown();
    }
}
