package dev.headroom.fork;

import dev.headroom.FileErrors;
import dev.headroom.Leftovers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a fork leaves in the run's folder {@code logs}.
 *
 * @param jmh what JMH and the fork printed
 * @param llama llama.cpp's log
 * @param memory what the profiler tells besides its metrics
 * @param crash the JVM's report of a crash
 * @param threads the Java threads of a fork that passed a limit
 * @param heartbeat counts while the fork runs, and is gone afterwards
 */
record ForkFiles(Path jmh, Path llama, Path memory, Path crash, Path threads, Path heartbeat) {
    /** @param name of the fork, unique in the run */
    static ForkFiles in(Path logs, String name) {
        return new ForkFiles(
                logs.resolve(name + ".jmh.txt"),
                logs.resolve(name + ".llama.txt"),
                logs.resolve(name + ".memory.json"),
                logs.resolve(name + ".hs_err.txt"),
                logs.resolve(name + ".threads.txt"),
                logs.resolve(name + ".heartbeat"));
    }

    /** An earlier try that did not count must not speak for the next one. */
    void delete() {
        List.of(jmh, llama, memory, crash, threads, heartbeat).forEach(ForkFiles::delete);
    }

    private static void delete(Path file) {
        try {
            Leftovers.patiently(() -> Files.deleteIfExists(file));
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e, "");
        }
    }

    void deleteHeartbeat() {
        Leftovers.delete(heartbeat);
    }

    /** The lines of a file, whatever bytes are in it; none if the fork ended before it wrote any. */
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
