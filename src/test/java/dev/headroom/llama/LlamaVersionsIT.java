package dev.headroom.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.Progress;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.binding.ParamsLayout;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests several releases of llama.cpp, each in its own process. */
class LlamaVersionsIT {
    private final Path model;

    LlamaVersionsIT(@TempDir Path directory) {
        this.model = new ModelStore(directory).make(SyntheticModel.parse("synthetic-stories-15m-q8_0"), Progress.NONE);
    }

    /** HEADROOM_LLAMAS is a list of directories, separated like PATH. */
    @Test
    void givenReleasesBehaveAsInTheTable() throws Exception {
        List<String> directories = Stream.of(
                        Optional.ofNullable(System.getenv("HEADROOM_LLAMAS")).orElse(""))
                .flatMap(list -> Arrays.stream(list.split(File.pathSeparator)))
                .filter(directory -> !directory.isBlank())
                .toList();
        assumeTrue(!directories.isEmpty(), "skipped: the environment variable HEADROOM_LLAMAS lists no directories");
        for (String directory : directories) {
            List<String> lines = child(Path.of(directory), Map.of());
            Optional<Row> row = row(String.valueOf(Path.of(directory).getFileName()));
            if (row.isPresent() && row.get().refused()) {
                assertThat(lines)
                        .as(directory)
                        .singleElement()
                        .matches(line ->
                                line.contains(" is llama.cpp " + row.get().release() + ", which is not supported: "));
                continue;
            }
            assertThat(lines)
                    .as(directory)
                    .contains("position 601", "same logits true", "finite true", "flash attention true")
                    .noneMatch(line -> line.equals("version unknown"));
            row.ifPresent(stated -> assertThat(lines)
                    .as(directory)
                    .contains(
                            "version " + stated.release(),
                            "auto becomes " + stated.auto().equals("on"),
                            "simulates " + stated.predicted().equals("all")));
        }
    }

    /** A row of docs/llama-versions.md. */
    private record Row(String npm, String release, boolean refused, String auto, String predicted) {}

    private static final Pattern ROW =
            Pattern.compile("\\| (\\d+\\.\\d+\\.\\d+) \\| (\\S+) \\| (supported|refused) \\|([^|]*)\\|([^|]*)\\|");

    /** The row for a directory, whose name is the npm version. */
    private static Optional<Row> row(String npm) throws IOException {
        return Files.readAllLines(Path.of("docs/llama-versions.md")).stream()
                .map(ROW::matcher)
                .filter(row -> row.matches() && row.group(1).equals(npm))
                .map(row -> new Row(
                        npm,
                        row.group(2),
                        row.group(3).equals("refused"),
                        row.group(4).strip(),
                        row.group(5).strip()))
                .findFirst();
    }

    /** The supported releases of the table are exactly those of the layouts. */
    @Test
    void tableAndLayoutsHaveTheSameReleases() throws IOException {
        List<String> supported = Files.readAllLines(Path.of("docs/llama-versions.md")).stream()
                .map(ROW::matcher)
                .filter(row -> row.matches() && row.group(3).equals("supported"))
                .map(row -> row.group(2))
                .toList();
        assertThat(ParamsLayout.ALL.stream()
                        .flatMap(layout -> Arrays.stream(layout.versions().split(", "))))
                .containsExactlyInAnyOrderElementsOf(new LinkedHashSet<>(supported));
    }

    /** With GGML_VK_VISIBLE_DEVICES, ggml also uses devices of type CPU, such as Mesa's llvmpipe. */
    @Test
    void modelOnVulkan() throws Exception {
        List<String> lines = child(LlamaHome.find(null), Map.of("GGML_VK_VISIBLE_DEVICES", "0"));
        assumeTrue(lines.stream().anyMatch(line -> line.startsWith("device Vulkan0 ")), "skipped: no Vulkan device");
        assertThat(lines)
                .contains("same logits true", "finite true", "layers 7 of 7")
                .anyMatch(line -> line.startsWith("buffer MODEL Vulkan0 "))
                .anyMatch(line -> line.startsWith("buffer KV Vulkan0 "));
    }

    private List<String> child(Path directory, Map<String, String> environment)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LlamaChild.class.getName(),
                        directory.toString(),
                        model.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as(() -> String.join("\n", lines)).isZero();
        return lines;
    }
}
