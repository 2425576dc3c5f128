package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code headroom run} as a user runs it: the real llama.cpp, real forks, real files. */
class RunIT {
    private static final String[] SMALL = {
        "--model", "synthetic-stories-15m-q8_0", "--context", "64", "--time", "200ms", "--iterations", "2"
    };

    @TempDir
    Path directory;

    @Test
    void everyBenchmarkMeasuresAndEveryFileAgrees() throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, with("run", SMALL));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out()).contains("TokenGeneration", "tokens/s", "peak RAM MiB", "Results in ");
        RunFiles run = files();
        List<CSVRecord> cells = run.csv("cells.csv");
        assertThat(cells)
                .extracting(row -> row.get("benchmark"))
                .containsExactlyInAnyOrder(
                        "PromptProcessing",
                        "TokenGeneration",
                        "TokenLatency",
                        "TimeToFirstToken",
                        "ModelLoad",
                        "ContextCreation",
                        "NativeCall");
        for (CSVRecord cell : cells) {
            assertThat(cell.get("status")).as(cell.toString()).isEqualTo("ok");
            assertThat(Double.parseDouble(cell.get("score")))
                    .as(cell.toString())
                    .isPositive();
            assertThat(Double.parseDouble(cell.get("ram_peak_mib")))
                    .as(cell.toString())
                    .isBetween(20.0, 2000.0);
            assertThat(cell.get("llama_version")).isEqualTo("v0.4.0");
        }
        // on processors with AMX the copies of weights have no prediction
        boolean amx = Files.readString(run.file("run.json")).contains("copies of weights in AMX");
        for (CSVRecord cell : cells) {
            for (String buffers : new String[] {"model_mib", "kv_mib", "compute_mib"}) {
                if (amx && buffers.equals("model_mib")) {
                    continue;
                }
                String measured = cell.get("buffers_" + buffers);
                assertThat(cell.get("predicted_" + buffers).isEmpty())
                        .as(cell.toString())
                        .isEqualTo(measured.isEmpty());
                if (!measured.isEmpty()) {
                    assertThat(Double.parseDouble(cell.get("predicted_" + buffers)))
                            .as(cell.toString())
                            .isCloseTo(Double.parseDouble(measured), within(0.05));
                }
            }
        }
        CSVRecord generation = cell(cells, "TokenGeneration");
        assertThat(Double.parseDouble(generation.get("buffers_model_mib"))).isBetween(24.0, 60.0);
        // 6 layers, 6 heads of 48 numbers, K and V, 2 bytes each, 256 cells
        assertThat(Double.parseDouble(generation.get("buffers_kv_mib"))).isEqualTo(1.69);
        assertThat(run.csv("iterations.csv")).hasSize(7 * 2);
        assertThat(Files.readAllLines(run.file("journal.jsonl"))).hasSize(1 + 7);
        JsonNode jmh = run.json("jmh.json");
        assertThat(jmh).hasSize(7);
        assertThat(jmh.findValuesAsText("mode")).contains("thrpt", "sample", "ss", "avgt");
        JsonNode json = run.json("run.json");
        assertThat(json.get("schemaVersion").asInt()).isEqualTo(1);
        assertThat(json.get("models").get(0).get("synthetic").asBoolean()).isTrue();
        assertThat(json.get("llama").get("version").asText()).isEqualTo("v0.4.0");
        assertThat(json.get("ended").asText()).isNotEmpty();
        if (!Files.exists(Path.of("/dev/nvidiactl"))) {
            assertVramIsAbsentWithOneWarning(result);
        }
        // the format of a run made before the packages were split: readers of old and new runs depend on it
        assertThat(RunFormat.of(run.folder()))
                .containsExactlyElementsOf(resource("run-format.txt").lines().toList());
    }

    private static String resource(String name) throws IOException {
        try (InputStream text = Objects.requireNonNull(RunIT.class.getResourceAsStream(name), name)) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void assertVramIsAbsentWithOneWarning(Result result) throws IOException {
        assertThat(result.err().lines().filter(line -> line.contains("·vram.peak")))
                .hasSize(1);
        for (CSVRecord cell : files().csv("cells.csv")) {
            assertThat(cell.get("vram_peak_mib")).isEmpty();
            assertThat(cell.get("vram_baseline_mib")).isEmpty();
        }
        assertThat(Files.readString(files().file("jmh.json"))).doesNotContain("·vram");
    }

    @Test
    void forksAreMergedAndEachValueOfASweepIsACell() throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .run(
                        directory,
                        with("run", SMALL, "--benchmark", "TokenGen", "--forks", "2", "--param", "kvType=f16,f32"));

        assertThat(result.exit()).as(result.toString()).isZero();
        List<CSVRecord> cells = files().csv("cells.csv");
        assertThat(cells).extracting(row -> row.get("kv_type")).containsExactly("f16", "f32");
        assertThat(cells).extracting(row -> row.get("samples")).containsExactly("4", "4");
        assertThat(cells).extracting(row -> row.get("buffers_kv_mib")).doesNotHaveDuplicates();
        assertThat(files().csv("iterations.csv")).hasSize(8);
    }

    @Test
    void layersAreOffloadedToSoftwareVulkan() throws IOException, InterruptedException {
        assumeTrue(
                Files.exists(Path.of("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")),
                "mesa-vulkan-drivers is not installed");

        Result result = new HeadroomProcess()
                .limitAddressSpace()
                .environment("GGML_VK_VISIBLE_DEVICES", "0")
                .run(directory, with("run", SMALL, "--benchmark", "TokenGen", "--param", "gpuLayers=-1,3"));

        assertThat(result.exit()).as(result.toString()).isZero();
        CSVRecord cell = files().csv("cells.csv").get(0);
        assertThat(cell.get("devices")).isEqualTo("Vulkan0");
        assertThat(cell.get("offloaded_layers")).isEqualTo("7").isEqualTo(cell.get("total_layers"));
        JsonNode json = files().json("run.json");
        assertThat(json.at("/cells/0/observed/buffers").findValuesAsText("device"))
                .contains("Vulkan0");
        for (JsonNode cells : json.at("/cells")) {
            JsonNode parts = cells.at("/prediction/parts");
            assertThat(parts.findValuesAsText("place")).contains("Vulkan0", "CPU");
            for (JsonNode part : parts) {
                assertThat(part.get("errorMib").asDouble()).as(part.toString()).isCloseTo(0, within(0.05));
            }
        }
    }

    /** 200 tokens fit into 256 cells; 200 and the 128 that are generated do not. */
    @Test
    void predictionIsForTheContextThatIsMade() throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .run(
                        directory,
                        "run",
                        "--model=synthetic-stories-15m-q8_0",
                        "--context=200",
                        "--benchmark=TokenGen|ContextCreation",
                        "--time=200ms",
                        "--iterations=1");

        assertThat(result.exit()).as(result.toString()).isZero();
        List<CSVRecord> cells = files().csv("cells.csv");
        assertThat(cells).extracting(row -> row.get("buffers_kv_mib")).containsExactly("3.380000", "1.690000");
        assertThat(cells).extracting(row -> row.get("predicted_kv_mib")).containsExactly("3.375000", "1.687500");
    }

    @Test
    void contextThatCannotFitFailsOnlyItsCell() throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .run(
                        directory,
                        "run",
                        "--model=synthetic-llama-3.2-1b-l2-q4_0",
                        "--context=64,8000000",
                        "--benchmark=ContextCreation",
                        "--iterations=1");

        assertThat(result.exit()).isEqualTo(3);
        List<CSVRecord> cells = files().csv("cells.csv");
        assertThat(cells).extracting(row -> row.get("status")).containsExactly("ok", "refused");
        assertThat(cells.get(1).get("reason")).contains("8000000 tokens", "MiB of KV cache");
        assertThat(result.err()).contains("was trained for");
    }

    @Test
    void standardOutputHasNothingButJson() throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, with("run", SMALL, "--benchmark", "NativeCall", "--json"));

        JsonNode json = new ObjectMapper().readTree(result.out());
        assertThat(json.at("/cells/0/benchmark").asText()).isEqualTo("NativeCall");
        assertThat(json.at("/cells/0/status").asText()).isEqualTo("ok");
    }

    @Test
    void dryRunWritesNothing() throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, "run", "--dry-run");

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out()).contains("quick", "12 cells", "v0.4.0", "CPU");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void commandLineOfJmhIsUntouched() throws IOException, InterruptedException {
        Result list = new HeadroomProcess().run(directory, "jmh", "-l");
        assertThat(list.out()).contains("dev.headroom.bench.TokenGeneration.generateToken");

        Result result = new HeadroomProcess()
                .run(
                        directory,
                        "jmh",
                        "TokenGeneration",
                        "-p",
                        "model=synthetic-stories-15m-q8_0",
                        "-p",
                        "contextLength=0",
                        "-wi",
                        "0",
                        "-i",
                        "1",
                        "-r",
                        "200ms",
                        "-prof",
                        "dev.headroom.profiler.VramProfiler:interval=5ms");
        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out()).contains("·ram.peak", "ops/s");
    }

    private RunFiles files() throws IOException {
        return RunFiles.in(directory.resolve("results"));
    }

    private static CSVRecord cell(List<CSVRecord> cells, String benchmark) {
        return cells.stream()
                .filter(row -> row.get("benchmark").equals(benchmark))
                .findFirst()
                .orElseThrow();
    }

    private static String[] with(String command, String[] options, String... more) {
        return Stream.of(Stream.of(command), Stream.of(options), Stream.of(more))
                .flatMap(all -> all)
                .toArray(String[]::new);
    }
}
