package dev.headroom.fork;

import dev.headroom.FileErrors;
import dev.headroom.FileRetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The files of one fork in the run's folder {@code logs}.
 *
 * @param jmh output of JMH and of the fork
 * @param llama llama.cpp's log
 * @param memory the profiler's report besides its metrics
 * @param crash the JVM's crash report
 * @param threads thread dump of a fork that passed a time limit
 * @param heartbeat a counter that the fork increases; deleted when it ends
 */
record ForkFiles(Path jmh, Path llama, Path memory, Path crash, Path threads, Path heartbeat) {
    /** The files of the fork with a name, which is unique in the run. */
    static ForkFiles in(Path logs, String name) {
        return new ForkFiles(
                logs.resolve(name + ".jmh.txt"),
                logs.resolve(name + ".llama.txt"),
                logs.resolve(name + ".memory.json"),
                logs.resolve(name + ".hs_err.txt"),
                logs.resolve(name + ".threads.txt"),
                logs.resolve(name + ".heartbeat"));
    }

    /** Deletes the files of an earlier attempt. */
    void delete() {
        List.of(jmh, llama, memory, crash, threads, heartbeat).forEach(ForkFiles::delete);
    }

    private static void delete(Path file) {
        try {
            FileRetry.retry(() -> Files.deleteIfExists(file));
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e, "");
        }
    }

    void deleteHeartbeat() {
        FileRetry.delete(heartbeat);
    }

    /** The lines of a file, with invalid bytes replaced; empty if the file does not exist. */
    static List<String> lines(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
