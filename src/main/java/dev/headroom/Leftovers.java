package dev.headroom;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Deleting files that other processes had. Windows deletes none that somebody has open, and what a process has written
 * is still open for a moment after its end, by the system or by a virus scanner.
 */
public final class Leftovers {
    private static final int TRIES = 100;
    private static final long PAUSE_MILLIS = 10;

    private Leftovers() {}

    /** Something with a file that fails as long as somebody has it open. */
    public interface Action {
        void run() throws IOException;
    }

    /**
     * Does it as soon as it can be done, within a second.
     *
     * @throws IOException if it cannot be done even then
     */
    public static void patiently(Action action) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                action.run();
                return;
            } catch (IOException e) {
                if (tries == TRIES || !paused()) {
                    throw e;
                }
            }
        }
    }

    /** Deletes files that nobody needs any more. One that stays open is left until this process ends. */
    public static void delete(Path... files) {
        for (Path file : files) {
            try {
                patiently(() -> Files.deleteIfExists(file));
            } catch (IOException e) {
                file.toFile().deleteOnExit();
            }
        }
    }

    private static boolean paused() {
        try {
            Thread.sleep(PAUSE_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
