package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code java -jar headroom.jar …} in a process of its own, as a user starts it. Two differences: the JVM starts faster
 * with its quick compiler and a {@link ClassArchive}, and each fork of the build has its own temp directory. The
 * machine lock is in the temp directory, so tests of two forks do not refuse each other.
 */
final class HeadroomProcess {
    /** The folder beside the jar where all tests share synthetic models and reports on meters. */
    static final Path CACHE = jar().resolveSibling("it-cache");

    private static final Path TEMP =
            jar().resolveSibling("it-temp").resolve(System.getProperty("headroom.fork", "fork-1"));

    /**
     * Resets SIGINT. A build that was started in the background ignores it, and every child inherits that: a JVM that
     * starts so ignores Ctrl-C. Empty where {@code env} cannot do it, as on macOS.
     */
    private static final List<String> RESET_SIGINT = resetSigint();

    private final Map<String, String> environment = new HashMap<>(Map.of("HEADROOM_CACHE", CACHE.toString()));
    private final List<String> javaOptions = new ArrayList<>(List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:SharedArchiveFile=" + ClassArchive.of(jar()),
            "-Xlog:cds=off",
            "-Djava.io.tmpdir=" + TEMP));
    private final List<String> before = new ArrayList<>(RESET_SIGINT);

    /** The exit code and the output of a process. */
    record Result(int exit, String out, String err) {}

    private static Path jar() {
        return Path.of(System.getProperty("headroom.jar", "target/headroom.jar"))
                .toAbsolutePath();
    }

    private static List<String> resetSigint() {
        List<String> command = List.of("/usr/bin/env", "--default-signal=INT");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0 ? command : List.of();
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    HeadroomProcess environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Adds an option of the JVM. It overrides an earlier one. */
    HeadroomProcess javaOption(String option) {
        javaOptions.add(option);
        return this;
    }

    /** Adds a program that starts the JVM. The rest of the command follows as its last arguments. */
    HeadroomProcess before(String... program) {
        before.addAll(List.of(program));
        return this;
    }

    /**
     * Limits the address space. The trial of the meters fills a quarter of the free memory twice, which takes many
     * seconds. With a limit it notes that it did not get the largest block, and goes on.
     */
    HeadroomProcess limitAddressSpace() {
        return javaOption("-Xmx512m").limitAddressSpace(4_200_000);
    }

    /** @param kib limit of every process, also of a Java with a heap of default size, which reserves gigabytes */
    HeadroomProcess limitAddressSpace(int kib) {
        return before("/bin/sh", "-c", "ulimit -v " + kib + " && exec \"$@\"", "sh");
    }

    Result run(Path directory, String... args) throws IOException, InterruptedException {
        Path out = Files.createTempFile("headroom-it", ".out");
        Path err = Files.createTempFile("headroom-it", ".err");
        try {
            Process process = start(directory, out, err, args);
            boolean ended = process.waitFor(10, TimeUnit.MINUTES);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            Result result = new Result(ended ? process.exitValue() : -1, read(out), read(err));
            assertThat(ended).as("ended; output so far: %s", result).isTrue();
            return result;
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }

    Process start(Path directory, Path out, Path err, String... args) throws IOException {
        Files.createDirectories(TEMP);
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.addAll(List.of("-jar", jar().toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().remove("HEADROOM_LLAMA");
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
