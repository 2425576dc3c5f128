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
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The source of all evidence: files, system properties, environment variables and programs. Reading never fails: what
 * cannot be read is empty.
 *
 * @param root the root of the file system; on Windows, of the drive that Windows is on
 * @param run runs a program and returns the lines that it prints, none if it cannot be run
 * @param processors the processors that this JVM may use, after affinity and cgroup quota
 * @param memoryBytes the memory that the JVM sees, of the machine or of the container; null if unknown
 * @param windowsKernel asked on Windows only
 */
record Machine(
        Path root,
        Map<String, String> properties,
        Map<String, String> variables,
        Function<List<String>, List<String>> run,
        int processors,
        @Nullable Long memoryBytes,
        Supplier<WindowsKernel> windowsKernel) {
    /**
     * The most bytes read from one file. The longest file is /proc/self/mountinfo: hundreds of bytes a mount, and
     * thousands of mounts.
     */
    private static final int MAX_FILE_BYTES = 4 << 20;

    private static final long PROGRAM_SECONDS = 10;

    enum Os {
        LINUX,
        WINDOWS,
        MACOS,
        OTHER
    }

    /** The machine on which this JVM runs. */
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
                memory(),
                WindowsKernel::read);
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

    Optional<Long> memoryMiB() {
        return Optional.ofNullable(memoryBytes).map(Numbers::mebibytes);
    }

    /** Whether the path is an existing file, device or folder. */
    boolean exists(String path) {
        return Files.exists(root.resolve(path));
    }

    /** Reads a file below the root; empty if it cannot be read. Bytes that are not UTF-8 become U+FFFD. */
    String text(String path) {
        try (InputStream in = Files.newInputStream(root.resolve(path))) {
            return new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.UTF_8);
        } catch (IOException | InvalidPathException | SecurityException e) {
            return "";
        }
    }

    List<String> lines(String path) {
        return text(path).lines().toList();
    }

    /** Reads a file that holds one value. Device trees end it with a 0. Empty if the file is missing or blank. */
    Optional<String> value(String path) {
        return Optional.of(text(path).replace('\0', ' ').strip()).filter(text -> !text.isEmpty());
    }

    /** Reads a file that holds one non-negative number; null if it does not. */
    @Nullable
    Long number(String path) {
        return Numbers.parse(text(path)).orElse(null);
    }

    /** Whether a file holds exactly this value, surrounding blanks aside. */
    boolean contains(String path, String value) {
        return text(path).strip().equals(value);
    }

    /** Lists the names in a folder, sorted; empty if it cannot be read. */
    List<String> names(String folder) {
        try (Stream<Path> files = Files.list(root.resolve(folder))) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException | InvalidPathException | SecurityException e) {
            return List.of();
        }
    }

    /** Reads the target of a symbolic link. */
    Optional<String> link(String path) {
        try {
            return Optional.of(Files.readSymbolicLink(root.resolve(path)).toString());
        } catch (IOException | UnsupportedOperationException | SecurityException e) {
            return Optional.empty();
        }
    }

    private static @Nullable Long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : null;
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
