package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.headroom.Gcc;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Directories with no llama.cpp, a wrong or a broken one: one sentence and exit code 2, whatever its native code does.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class WrongLlamaIT {
    @TempDir
    Path directory;

    @Test
    void otherDefaultsAreRefused() throws IOException, InterruptedException {
        fake("N_CTX=1234");
        refused("libllama.so is llama.cpp unknown, which returns unknown default parameters", "b5640 to v0.5.0");
    }

    @Test
    void missingFunctionIsRefused() throws IOException, InterruptedException {
        fake("WITHOUT_DECODE");
        refused("is llama.cpp unknown, which has no llama_decode", "b5640 to v0.5.0");
    }

    @Test
    void crashWhileLoadingIsReported() throws IOException, InterruptedException {
        fake("ON_LOAD=*(volatile int *)8=0");
        refused("crashed its process with SIGSEGV in C  [libllama.so+", "cannot be used");
    }

    @Test
    void abortWhileLoadingIsReported() throws IOException, InterruptedException {
        fake("ON_LOAD=fputs(\"/src/ggml.c:12: GGML_ASSERT(0) failed\\n\",stderr);abort()");
        refused("ended its process with signal 6 (SIGABRT)", "/src/ggml.c:12: GGML_ASSERT(0) failed");
    }

    @Test
    void exitWhileLoadingIsReported() throws IOException, InterruptedException {
        fake("ON_LOAD=exit(0)");
        refused("gave an answer that cannot be read");
    }

    @Test
    void truncatedLibraryIsRefused() throws IOException, InterruptedException {
        fake("N_CTX=512");
        byte[] library = Files.readAllBytes(directory.resolve("libllama.so"));
        Files.write(directory.resolve("libllama.so"), Arrays.copyOf(library, library.length / 2));
        refused("libllama.so is cut off (it has " + library.length / 2 + " of " + library.length + " bytes)");
    }

    @Test
    void textFileIsRefused() throws IOException, InterruptedException {
        Files.writeString(directory.resolve("libllama.so"), "I am not a library.\n");
        refused("libllama.so is not a library (it begins with the text \"I am not a library.\")");
    }

    /** Both load. The second finds its own libggml-base next to libggml-base.so.0, and its results are wrong. */
    @Test
    void backendsOfAnotherReleaseAreRefused() throws IOException, InterruptedException {
        copy("3.15.0", "lib(llama|ggml|ggml-base)\\..*");
        copy("3.17.1", "libggml-cpu-.*");
        refused("computes wrong numbers", "a directory of its own");
    }

    @Test
    void llamaForALaterGgmlIsRefused() throws IOException, InterruptedException {
        copy("3.12.0", "libllama\\..*");
        copy("3.10.0", "libggml.*");
        refused("libllama.so cannot be loaded", "libraries are of several releases");
    }

    /** This combination works: every function is there, and the results are right. */
    @Test
    void llamaForAnEarlierGgmlWorks() throws IOException, InterruptedException {
        copy("3.10.0", "libllama\\..*");
        copy("3.12.0", "libggml.*");
        assertThat(run().exit()).isZero();
    }

    private void copy(String npmVersion, String names) throws IOException {
        List<String> given = Stream.of(
                        Optional.ofNullable(System.getenv("HEADROOM_LLAMAS")).orElse(""))
                .flatMap(list -> Arrays.stream(list.split(File.pathSeparator)))
                .filter(llama -> Path.of(llama).endsWith(npmVersion))
                .toList();
        assumeTrue(!given.isEmpty(), "skipped: the environment variable HEADROOM_LLAMAS has no " + npmVersion);
        try (Stream<Path> files = Files.list(Path.of(given.get(0)))) {
            for (Path file : files.filter(f -> String.valueOf(f.getFileName()).matches(names))
                    .toList()) {
                Files.copy(file, directory.resolve(file.getFileName()));
            }
        }
    }

    private void fake(String macro) throws IOException, InterruptedException {
        assumeTrue(Gcc.isThere(), "skipped: no gcc");
        Gcc.library(directory.resolve("libllama.so"), Path.of("src/test/c/fake_llama.c"), "-D" + macro);
    }

    private Result run() throws IOException, InterruptedException {
        return new HeadroomProcess()
                .run(
                        directory,
                        "run",
                        "--llama",
                        directory.toString(),
                        "--model",
                        "synthetic-stories-15m-q8_0",
                        "--context",
                        "64",
                        "--dry-run");
    }

    private void refused(String... words) throws IOException, InterruptedException {
        Result result = run();
        assertThat(result.exit()).as(result.toString()).isEqualTo(2);
        assertThat(result.err()).contains(words).doesNotContain("\tat ", "Exception");
        assertThat(result.err().lines().filter(line -> line.startsWith("headroom: ")))
                .as(result.err())
                .hasSize(1);
    }
}
