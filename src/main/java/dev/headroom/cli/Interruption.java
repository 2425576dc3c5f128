package dev.headroom.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C, a closed terminal or a polite kill: the JVM ends, but not before what was begun has been put away. The JVM
 * sets the exit code itself, 130 after Ctrl-C.
 */
final class Interruption {
    /** A fork that was killed may take this long to be gone, and files have to be written. */
    private static final long SECONDS = 60;

    private final CountDownLatch over = new CountDownLatch(1);

    private Interruption() {}

    /** Has something done when the JVM is told to end, and waits then until it is {@link #over()}. */
    static Interruption of(Runnable end) {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (interruption.over.getCount() > 0) {
                end.run();
                interruption.await();
            }
        }));
        return interruption;
    }

    private void await() {
        try {
            if (!over.await(SECONDS, TimeUnit.SECONDS)) {
                System.err.println(
                        "headroom: gave up waiting for the fork to end; what was measured is in the journal.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All is put away. */
    void over() {
        over.countDown();
    }
}
