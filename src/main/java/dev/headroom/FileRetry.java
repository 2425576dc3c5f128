package dev.headroom;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * File operations that wait until other processes have closed the file. Windows cannot delete or replace an open file.
 * The system or a virus scanner may keep a file open for a moment after its writer has ended.
 */
public final class FileRetry {
    private static final int TRIES = 100;
    private static final long PAUSE_MILLIS = 10;

    private FileRetry() {}

    /** A file operation that fails while another process has the file open. */
    public interface Action {
        void run() throws IOException;
    }

    /**
     * Repeats the action until it succeeds, for one second at most.
     *
     * @throws IOException if the last try failed
     */
    public static void retry(Action action) throws IOException {
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

    /** Deletes files. If a file stays open, it is deleted when this process ends. */
    public static void delete(Path... files) {
        for (Path file : files) {
            try {
                retry(() -> Files.deleteIfExists(file));
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
