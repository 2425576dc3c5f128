package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.GgufTensor;
import dev.headroom.gguf.GgufValue;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.gguf.TensorType;
import dev.headroom.result.CellResult;
import dev.headroom.result.Json;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Valid GGUF files that llama.cpp refuses or crashes on: their cells say so, and the run goes on. */
class HostileModelsIT {
    private static final String GOOD = "synthetic-stories-15m-l1-q8_0";

    @TempDir
    Path directory;

    private final Gguf whole = SyntheticModel.parse(GOOD).header(Path.of(GOOD));

    @Test
    void goodModelIsMeasuredAfterModelsThatLlamaRefuses() throws IOException, InterruptedException {
        List<String> models = new ArrayList<>();
        models.add(value("architecture", "general.architecture", GgufValue.of("alien")));
        models.add(value("heads0", "llama.attention.head_count", GgufValue.uint32(0)));
        models.add(value("heads-many", "llama.attention.head_count", GgufValue.uint32(1 << 30)));
        models.add(value("kv-heads5", "llama.attention.head_count_kv", GgufValue.uint32(5)));
        models.add(value("layers0", "llama.block_count", GgufValue.uint32(0)));
        models.add(value("layers-many", "llama.block_count", GgufValue.uint32(0xffff_ffffL)));
        models.add(value("experts", "llama.expert_count", GgufValue.uint32(100_000)));
        models.add(value("vocabulary", "llama.vocab_size", GgufValue.uint32(0xffff_ffffL)));
        models.add(value("context-text", "llama.context_length", GgufValue.of("long")));
        models.add(value("rope-many", "llama.rope.dimension_count", GgufValue.uint32(1 << 20)));
        models.add(value("eps-nan", "llama.attention.layer_norm_rms_epsilon", GgufValue.float32(Double.NaN)));
        models.add(value("tokenizer", "tokenizer.ggml.model", GgufValue.of("bpe\nof the moon")));
        models.add(tensors(
                "zero-dimension", changed(new GgufTensor("output_norm.weight", TensorType.F32, dims(9, 0), 0))));
        models.add(tensors("wrong-shape", changed(new GgufTensor("output_norm.weight", TensorType.F32, dims(5), 0))));
        models.add(GOOD);

        Path debugged = directory.resolve("debugged");
        Path bin = Files.createDirectory(directory.resolve("bin"));
        script(bin.resolve("gdb"), "touch '" + debugged + "'");
        Result result = new HeadroomProcess()
                .environment("PATH", bin + ":" + System.getenv("PATH"))
                .javaOption("-Djava.io.tmpdir=" + Files.createDirectory(directory.resolve("tmp")))
                .run(
                        directory,
                        "run",
                        "--model=" + String.join(",", models),
                        "--benchmark=TokenGeneration",
                        "--context=16",
                        "--forks=1",
                        "--warmup=0",
                        "--iterations=1",
                        "--time=10ms",
                        "--param",
                        "stallLimit=60s");

        assertThat(result.exit()).as(result.toString()).isEqualTo(3);
        assertThat(debugged)
                .as("gdb: ggml starts it after a crash and can hang in it")
                .doesNotExist();
        Run run = run();
        assertThat(run.cells()).hasSize(models.size());
        for (CellResult cell : run.cells()) {
            boolean measured = cell.status() == Status.OK;
            assertThat(measured || List.of(Status.REFUSED, Status.CRASHED).contains(cell.status()))
                    .as(cell.toString())
                    .isTrue();
            if (!measured) {
                assertThat(cell.reason()).isNotBlank().doesNotContain("\n");
            }
        }
        assertThat(cell(run, GOOD).status()).isEqualTo(Status.OK);
        CellResult alien = cell(run, "architecture.gguf");
        assertThat(alien.status()).isEqualTo(Status.REFUSED);
        assertThat(alien.reason()).contains("alien");
        assertThat(alien.memory().prediction()).isNull(); // of what cannot be loaded
        assertThat(run.cells().stream().filter(cell -> cell.status() != Status.OK))
                .as("models that llama.cpp does not run")
                .hasSizeGreaterThan(9);
    }

    private static void script(Path file, String line) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }

    private CellResult cell(Run run, String model) {
        return run.cells().stream()
                .filter(cell -> model.equals(cell.params().get("model")))
                .findFirst()
                .orElseThrow();
    }

    private Run run() throws IOException {
        try (Stream<Path> runs = Files.list(directory.resolve("results"))) {
            return Json.read(Files.readString(runs.findFirst().orElseThrow().resolve("run.json")), Run.class);
        }
    }

    private String value(String name, String key, GgufValue value) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>(whole.metadata());
        metadata.put(key, value);
        return write(name, metadata, whole.tensors());
    }

    private String tensors(String name, List<GgufTensor> tensors) throws IOException {
        return write(name, whole.metadata(), tensors);
    }

    private List<GgufTensor> changed(GgufTensor tensor) {
        return whole.tensors().stream()
                .map(one -> one.name().equals(tensor.name()) ? tensor : one)
                .toList();
    }

    private static List<Long> dims(long... dims) {
        return Arrays.stream(dims).boxed().toList();
    }

    private String write(String name, Map<String, GgufValue> metadata, List<GgufTensor> tensors) throws IOException {
        Path file = directory.resolve(name + ".gguf");
        new Gguf(file, 0, 3, 0, metadata, tensors).writeWithoutWeights(file);
        Gguf.read(file);
        return file.toString();
    }
}
