package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.gguf.SyntheticModel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input gives one sentence on standard error and an exit code, and leaves no files behind. */
class BadInputIT {
    @TempDir
    Path directory;

    record Case(int exit, List<String> args, List<String> words) {}

    static Stream<Case> cases() {
        return Stream.of(
                bad("--plan=quikc", "quikc", "quick"),
                bad("--param=kvtype=f16", "kvtype", "kvType"),
                bad("--param=kvType=f17", "f17", "f16"),
                bad("--benchmark=TokenGenerator", "TokenGenerator", "TokenGeneration"),
                bad("--context=0", "--context", "0"),
                bad("--context=1000000", "1000000", "8192"),
                bad("--context=-5", "--context", "-5"),
                bad("--context=many", "--context", "many"),
                bad("--forks=0", "--forks", "0"),
                bad("--time=2parsecs", "--time", "2parsecs"),
                bad("--environment=native-moon", "native-moon"),
                bad("--model=synthetic-smolm2-135m-q4_0", "smolm2-135m", "smollm2-135m"),
                bad("--model=synthetic-smollm2-135m-q9_9", "q9_9", "q4_0"),
                bad("--model=nowhere/x.gguf", "nowhere"),
                bad("--model=/", "model"),
                bad("--llama=/nowhere", "/nowhere", "--llama"),
                bad("--out=/proc/nowhere", "/proc/nowhere", "--out"),
                show("--context=0", "--context", "0"),
                show("--kv-type=f17", "--kv-type", "f17", "f16"),
                show("--flash-attention=maybe", "--flash-attention", "maybe"),
                show("--ubatch=4096", "--ubatch", "batch 2048"),
                show("--gpu-layers=-2", "--gpu-layers", "-2"),
                show("--llama=/nowhere", "/nowhere", "--llama"),
                new Case(1, List.of("run", "--nonsense"), List.of("--nonsense")),
                new Case(1, List.of("rnu"), List.of("rnu")));
    }

    private static Case bad(String option, String... words) {
        return new Case(2, List.of("run", option), List.of(words));
    }

    private static Case show(String option, String... words) {
        return new Case(2, List.of("model", "show", "synthetic-stories-15m-q8_0", option), List.of(words));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void badInputIsAnsweredInOneSentence(Case bad) throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, bad.args().toArray(String[]::new));

        assertThat(result.exit()).as(result.toString()).isEqualTo(bad.exit());
        assertThat(result.err()).contains(bad.words()).doesNotContain("\tat ", "Exception");
        if (bad.exit() == 2) {
            assertThat(complaints(result)).as(result.err()).hasSize(1);
        }
        assertNothingIsLeft();
    }

    @Test
    void filesThatAreNoModelsAreRefused() throws IOException, InterruptedException {
        Path text = Files.writeString(directory.resolve("text.gguf"), "I am not a model.");
        Path empty = Files.createFile(directory.resolve("empty.gguf"));
        Path folder = Files.createDirectory(directory.resolve("folder.gguf"));
        Path whole = directory.resolve("whole.gguf");
        SyntheticModel.parse("synthetic-stories-15m-q8_0").write(whole, (done, total) -> {});
        Path truncated = Files.copy(whole, directory.resolve("truncated.gguf"));
        try (RandomAccessFile file = new RandomAccessFile(truncated.toFile(), "rw")) {
            file.setLength(file.length() / 2);
        }

        for (Path model : List.of(text, empty, folder, truncated)) {
            Result result = new HeadroomProcess().run(directory, "run", "--model=" + model);

            assertThat(result.exit()).as(result.toString()).isEqualTo(2);
            assertThat(complaints(result)).as(result.err()).hasSize(1);
            assertThat(result.err()).contains(model.getFileName().toString()).doesNotContain("\tat ");
            assertThat(directory.resolve("results")).doesNotExist();
        }
    }

    @Test
    void directoriesWithoutLlamaAreRefused() throws IOException, InterruptedException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Path text = Files.createDirectory(directory.resolve("text"));
        Files.writeString(text.resolve("libllama.so"), "not a library");

        for (Path home : List.of(empty, text)) {
            Result result = new HeadroomProcess().run(directory, "run", "--llama=" + home);

            assertThat(result.exit()).as(result.toString()).isEqualTo(2);
            assertThat(complaints(result)).as(result.err()).hasSize(1);
            assertThat(result.err()).contains(home.toString()).doesNotContain("\tat ");
        }
    }

    @Test
    void fullDiskWhileAModelIsWrittenIsReported() throws IOException, InterruptedException {
        Path small = Files.createDirectory(directory.resolve("small"));
        Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", small.toString())
                .redirectErrorStream(true)
                .start();
        assumeTrue(mount.waitFor() == 0, "may not mount a tmpfs here");
        try {
            Result result = new HeadroomProcess()
                    .environment("HEADROOM_CACHE", small.resolve("cache").toString())
                    .run(directory, "run", "--model=synthetic-stories-15m-q8_0", "--context=64");

            assertThat(result.exit()).as(result.toString()).isEqualTo(2);
            assertThat(complaints(result)).as(result.err()).hasSize(1);
            assertThat(result.err()).contains("MiB", small.toString(), "HEADROOM_CACHE");
            try (Stream<Path> files = Files.walk(small)) {
                assertThat(files.filter(Files::isRegularFile)).isEmpty();
            }
            try (Stream<Path> runs = Files.list(directory.resolve("results"))) {
                assertThat(runs).isEmpty();
            }
        } finally {
            new ProcessBuilder("umount", small.toString()).start().waitFor();
        }
    }

    private static List<String> complaints(Result result) {
        return result.err()
                .lines()
                .filter(line -> !line.startsWith("warning: "))
                .toList();
    }

    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }
}
