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

/** Several llama.cpp on this machine, each in a process of its own. */
class LlamaVersionsIT {
    private final Path model;

    LlamaVersionsIT(@TempDir Path directory) {
        this.model = new ModelStore(directory).make(SyntheticModel.parse("synthetic-stories-15m-q8_0"), Progress.NONE);
    }

    /** HEADROOM_LLAMAS lists directories as PATH does. */
    @Test
    void everyVersionThatIsGiven() throws Exception {
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
                        .matches(
                                line -> line.contains(" is version " + row.get().release() + ". Headroom runs on"));
                continue;
            }
            assertThat(lines)
                    .as(directory)
                    .contains("position 601", "same logits true", "finite true", "flash attention Optional[true]")
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

    /** The row of a directory that is named by its npm version. */
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

    /**
     * Every release that the table calls supported is one that a layout was checked against, and the other way round.
     */
    @Test
    void theTableAndTheLayouts() throws IOException {
        List<String> supported = Files.readAllLines(Path.of("docs/llama-versions.md")).stream()
                .map(ROW::matcher)
                .filter(row -> row.matches() && row.group(3).equals("supported"))
                .map(row -> row.group(2))
                .toList();
        assertThat(ParamsLayout.ALL.stream()
                        .flatMap(layout -> Arrays.stream(layout.versions().split(", "))))
                .containsExactlyInAnyOrderElementsOf(new LinkedHashSet<>(supported));
    }

    /** GGML_VK_VISIBLE_DEVICES makes ggml take a device of type CPU too, which is what Mesa's llvmpipe is. */
    @Test
    void layersOnVulkan() throws Exception {
        List<String> lines = child(LlamaHome.find(Optional.empty()), Map.of("GGML_VK_VISIBLE_DEVICES", "0"));
        assumeTrue(lines.stream().anyMatch(line -> line.startsWith("device Vulkan0 ")), "skipped: no Vulkan device");
        assertThat(lines)
                .contains("same logits true", "finite true", "layers OptionalInt[7] of OptionalInt[7]")
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
