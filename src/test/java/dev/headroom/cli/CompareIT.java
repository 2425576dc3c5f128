package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code headroom compare} from the jar, on measured runs. */
class CompareIT {
    @TempDir
    Path directory;

    @Test
    void twoRunsAreComparedInEveryFormat() throws IOException, InterruptedException {
        measure("first");
        copy("first", "second");
        String first = run("first").toString();
        String second = run("second").resolve("run.json").toString();

        Result table = compare("--by", "run", first, second);
        assertThat(table.exit()).as(table.toString()).isZero();
        assertThat(table.out())
                .contains(
                        "compared with",
                        "Speed and memory",
                        "NativeCall",
                        "ContextCreation",
                        "ram.peak MiB",
                        "Peak RAM by part",
                        "Unit of replication: fork (2 per cell)");

        JsonNode json = new ObjectMapper()
                .readTree(compare("--by=run", "--json", first, second).out());
        assertThat(json.at("/by").asText()).isEqualTo("run");
        assertThat(json.at("/incomparable")).isEmpty();
        assertThat(json.at("/alone")).isEmpty();
        assertThat(json.at("/headlines/size").asInt()).isEqualTo(4);
        assertThat(json.findValuesAsText("verdict")).contains("no difference");

        assertThat(compare("--by=run", "--csv", first, second).out()).startsWith("compared,baseline,other,benchmark,");
        assertThat(compare("--by=run", "--markdown", first, second).out()).contains("| benchmark |", "| --- |");

        Result limits = compare("--by=run", "--fail-above=buffers.kv=5%,vram=5%", first, second);
        assertThat(limits.exit()).isZero();
        assertThat(limits.err()).contains("limit vram=5% has no effect");

        assertThat(compare("--by=run", "--out=merged", first, second).exit()).isZero();
        assertThat(new ObjectMapper()
                        .readTree(directory.resolve("merged/jmh.json").toFile()))
                .hasSize(4);
        try (Stream<Path> files = Files.list(directory.resolve("merged/visualizer"))) {
            assertThat(files).hasSize(2);
        }
        try (Stream<Path> files = Files.list(run("first").resolve("visualizer"))) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void badInputIsReportedInOneLine() throws IOException, InterruptedException {
        Files.writeString(directory.resolve("run.json"), "{\"schemaVersion\": 1, \"id");

        for (List<String> args :
                List.of(List.of("nowhere"), List.of("run.json"), List.of("run.json", "--fail-above=vram"))) {
            Result result = compare(args.toArray(String[]::new));
            assertThat(result.exit()).as(result.toString()).isEqualTo(2);
            assertThat(result.err().strip().lines()).hasSize(1);
            assertThat(result.err()).startsWith("headroom: ");
        }
        assertThat(compare("--csv", "--json", "run.json").exit()).isEqualTo(1);
        assertThat(compare().exit()).isEqualTo(1);
    }

    private void measure(String folder) throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .run(
                        directory,
                        "run",
                        "--model=synthetic-stories-15m-q8_0",
                        "--context=64",
                        "--benchmark=NativeCall|ContextCreation",
                        "--forks=2",
                        "--warmup=0",
                        "--iterations=2",
                        "--time=100ms",
                        "--out=" + folder);
        assertThat(result.exit()).as(result.toString()).isZero();
    }

    /** A second run with the same measurements: the test is about reading runs, not about differences. */
    private void copy(String from, String to) throws IOException {
        Path folder = run(from);
        String id = String.valueOf(folder.getFileName());
        Path copy = Files.createDirectories(directory.resolve(to).resolve(id + "-copy"));
        for (String file : List.of("run.json", "jmh.json")) {
            Files.writeString(
                    copy.resolve(file), Files.readString(folder.resolve(file)).replace(id, id + "-copy"));
        }
    }

    private Path run(String folder) throws IOException {
        return RunFiles.in(directory.resolve(folder)).folder();
    }

    private Result compare(String... args) throws IOException, InterruptedException {
        return new HeadroomProcess()
                .run(
                        directory,
                        Stream.concat(Stream.of("compare"), Stream.of(args)).toArray(String[]::new));
    }
}
