package dev.headroom.memory;

import dev.headroom.Gcc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Builds {@code src/test/c/fake_nvml.c}. Each scenario is a separate library, so it can lack functions as old drivers
 * do.
 */
public final class FakeNvml {
    private FakeNvml() {}

    /**
     * Builds one scenario with gcc.
     *
     * @param macros described in {@code fake_nvml.c}
     * @return absolute path of the library
     */
    public static String build(String scenario, String... macros) throws IOException, InterruptedException {
        return buildAs("libnvidia-ml.so.1", scenario, macros);
    }

    /** Builds one scenario under a file name other than the driver's {@code libnvidia-ml.so.1}. */
    public static String buildAs(String fileName, String scenario, String... macros)
            throws IOException, InterruptedException {
        Path library = Path.of("target", "fake-nvml", scenario, fileName).toAbsolutePath();
        String[] options = Stream.of(macros).map(macro -> "-D" + macro).toArray(String[]::new);
        Gcc.library(library, Path.of("src/test/c/fake_nvml.c"), options);
        return library.toString();
    }
}
