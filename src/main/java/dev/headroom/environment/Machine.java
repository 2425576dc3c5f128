package dev.headroom.environment;

import dev.headroom.FileRetry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * All that detectors read from: files, system properties, environment variables and programs. Reading never fails; what
 * cannot be read is empty.
 *
 * @param root the root of the file system; on Windows, of the drive that Windows is on
 * @param run the lines that a program prints, none if it cannot be run
 * @param processors that this JVM may use, after affinity and cgroup quota
 * @param memoryBytes as the JVM sees it: of the machine, or of the container
 */
record Machine(
        Path root,
        Map<String, String> properties,
        Map<String, String> variables,
        Function<List<String>, List<String>> run,
        int processors,
        OptionalLong memoryBytes) {
    /**
     * Bytes. The longest that is read, /proc/self/mountinfo, has some hundred bytes for each of some thousand mounts.
     */
    private static final int LONGEST_FILE = 4 << 20;

    private static final long PROGRAM_SECONDS = 10;

    enum Os {
        LINUX,
        WINDOWS,
        MACOS,
        OTHER
    }

    /** The one this JVM is on. */
    static Machine here() {
        Map<String, String> properties = new HashMap<>();
        System.getProperties().stringPropertyNames().forEach(name -> {
            String value = System.getProperty(name);
            if (value != null) {
                properties.put(name, value);
            }
        });
        Map<String, String> variables = System.getenv();
        String systemRoot = variables.get("SystemRoot");
        Path root = Optional.ofNullable(Path.of(systemRoot == null ? "/" : systemRoot)
                        .toAbsolutePath()
                        .getRoot())
                .orElse(Path.of("/"));
        return new Machine(
                root,
                properties,
                variables,
                Machine::output,
                Runtime.getRuntime().availableProcessors(),
                memory());
    }

    Os os() {
        String name = property("os.name").orElse("");
        if (name.equals("Linux")) {
            return Os.LINUX;
        }
        if (name.startsWith("Windows")) {
            return Os.WINDOWS;
        }
        return name.startsWith("Mac OS") || name.equals("Darwin") ? Os.MACOS : Os.OTHER;
    }

    Optional<String> property(String name) {
        return Optional.ofNullable(properties.get(name));
    }

    Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
    }

    OptionalLong memoryMiB() {
        return memoryBytes.isPresent() ? OptionalLong.of(memoryBytes.getAsLong() >> 20) : OptionalLong.empty();
    }

    /** Whether there is such a file, device or folder. */
    boolean exists(String path) {
        return Files.exists(root.resolve(path));
    }

    /** The text of a file under the root, empty if it cannot be read. Bytes that are not UTF-8 become U+FFFD. */
    String text(String path) {
        try (InputStream in = Files.newInputStream(root.resolve(path))) {
            return new String(in.readNBytes(LONGEST_FILE), StandardCharsets.UTF_8);
        } catch (IOException | InvalidPathException | SecurityException e) {
            return "";
        }
    }

    List<String> lines(String path) {
        return text(path).lines().toList();
    }

    /** A file that holds one value, of a device tree with a 0 behind it. Empty if the file is not there or is blank. */
    Optional<String> value(String path) {
        return Optional.of(text(path).replace('\0', ' ').strip()).filter(text -> !text.isEmpty());
    }

    /** What is in a folder, sorted; nothing if it cannot be read. */
    List<String> names(String folder) {
        try (Stream<Path> files = Files.list(root.resolve(folder))) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException | InvalidPathException | SecurityException e) {
            return List.of();
        }
    }

    /** Where a symbolic link points to. */
    Optional<String> link(String path) {
        try {
            return Optional.of(Files.readSymbolicLink(root.resolve(path)).toString());
        } catch (IOException | UnsupportedOperationException | SecurityException e) {
            return Optional.empty();
        }
    }

    private static OptionalLong memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? OptionalLong.of(os.getTotalMemorySize())
                : OptionalLong.empty();
    }

    private static List<String> output(List<String> command) {
        try {
            Path output = Files.createTempFile("headroom", ".txt");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectInput(Redirect.PIPE)
                        .redirectOutput(output.toFile())
                        .redirectError(Redirect.DISCARD)
                        .start();
                process.getOutputStream().close();
                if (!process.waitFor(PROGRAM_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return List.of();
                }
                return new String(Files.readAllBytes(output), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
            } finally {
                FileRetry.delete(output);
            }
        } catch (IOException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }
}
