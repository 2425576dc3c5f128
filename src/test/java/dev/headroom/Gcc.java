package dev.headroom;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The C compiler of the machine, for what tests play to Headroom. */
public final class Gcc {
    private Gcc() {}

    /** Whether there is one. */
    public static boolean isThere() {
        try {
            run(List.of("gcc", "--version"));
            return true;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Makes a library of one source file, whose warnings are errors. */
    public static void library(Path library, Path source, String... options) throws IOException, InterruptedException {
        Files.createDirectories(library.toAbsolutePath().resolveSibling(""));
        List<String> command = new ArrayList<>(List.of("gcc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-o", library.toString(), source.toString()));
        run(command);
    }

    /**
     * Runs a program.
     *
     * @return what it printed
     * @throws IOException if there is no such program or it fails; the message has what it printed
     */
    public static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed:\n" + output);
        }
        return output;
    }
}
