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

/** Runs {@code java -jar headroom.jar …} in a separate process, as a user does. */
final class HeadroomProcess {
    /** The model cache. It is beside the jar, so that all tests share the models. */
    static final Path CACHE = jar().resolveSibling("it-cache");

    private final Map<String, String> environment = new HashMap<>(Map.of("HEADROOM_CACHE", CACHE.toString()));
    private final List<String> javaOptions = new ArrayList<>();
    private final List<String> before = new ArrayList<>();

    /** The exit code and the output of a process. */
    record Result(int exit, String out, String err) {}

    private static Path jar() {
        return Path.of(System.getProperty("headroom.jar", "target/headroom.jar"))
                .toAbsolutePath();
    }

    HeadroomProcess environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    HeadroomProcess javaOption(String option) {
        javaOptions.add(option);
        return this;
    }

    /** Sets a program that starts the command, with the command as its arguments. */
    HeadroomProcess before(String... program) {
        before.addAll(List.of(program));
        return this;
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
            assertThat(ended)
                    .as("ended within 10 minutes; output so far: %s", result)
                    .isTrue();
            return result;
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }

    Process start(Path directory, Path out, Path err, String... args) throws IOException {
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
