package dev.headroom.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Builds {@code src/test/c/fake_nvml.c}. Each scenario is a library of its own: a missing function is missing. */
public final class FakeNvml {
    private FakeNvml() {}

    /**
     * Builds one scenario with gcc.
     *
     * @param macros as {@code fake_nvml.c} explains them
     * @return the library's absolute path
     */
    public static String build(String scenario, String... macros) throws IOException, InterruptedException {
        return buildAs("libnvidia-ml.so.1", scenario, macros);
    }

    /** The same under another file name than the driver's, {@code libnvidia-ml.so.1}. */
    public static String buildAs(String fileName, String scenario, String... macros)
            throws IOException, InterruptedException {
        Path library = Path.of("target", "fake-nvml", scenario, fileName).toAbsolutePath();
        Files.createDirectories(library.getParent());
        List<String> command = new ArrayList<>(List.of("gcc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"));
        Stream.of(macros).map(macro -> "-D" + macro).forEach(command::add);
        command.addAll(List.of("-o", library.toString(), "src/test/c/fake_nvml.c"));
        Process gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (gcc.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return library.toString();
    }
}
