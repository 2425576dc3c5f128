package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.gguf.SyntheticModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code headroom model show} as a user runs it. */
class ModelIT {
    @TempDir
    Path directory;

    private Result show(String... args) throws IOException, InterruptedException {
        String[] all = new String[args.length + 2];
        all[0] = "model";
        all[1] = "show";
        System.arraycopy(args, 0, all, 2, args.length);
        return new HeadroomProcess()
                .environment("HEADROOM_CACHE", directory.toString())
                .run(directory, all);
    }

    @Test
    void memoryOfAModelIsPredictedBeforeItIsWritten() throws IOException, InterruptedException {
        Result result = show("synthetic-llama-3.1-8b-q4_0", "--context=8192,60000", "--kv-type=f16,q8_0");

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out())
                .contains("ubatch 512", "contextLength", "kvType", "device", "KV cache")
                .containsPattern("8192 +f16 .* 1024\\.00 ")
                .containsPattern("60000 +q8_0 .* 3995\\.00 ");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void defaultContextsEndAtTheTrainedLength() throws IOException, InterruptedException {
        Path file = directory.resolve("a model, with a comma.gguf");
        SyntheticModel.parse("synthetic-stories-15m-q8_0").write(file, (done, total) -> {});

        Result result = show(file.toString(), "--json", "--gpu-layers=0");

        assertThat(result.exit()).as(result.toString()).isZero();
        JsonNode json = new ObjectMapper().readTree(result.out());
        assertThat(json.at("/architecture").asText()).isEqualTo("llama");
        assertThat(json.at("/predictions")).hasSize(1);
        assertThat(json.at("/predictions/0/params/contextLength").asText()).isEqualTo("256");
        assertThat(json.at("/predictions/0/params/gpuLayers").asText()).isEqualTo("0");
        assertThat(json.at("/predictions/0/prediction/parts").findValuesAsText("kind"))
                .contains("model", "kv", "compute", "output");
    }

    @Test
    void formulasAreUsedWithoutLlama() throws IOException, InterruptedException {
        Path empty = Files.createDirectory(directory.resolve("empty"));
        Result result = new HeadroomProcess()
                .environment("HEADROOM_LLAMA", empty.toString())
                .run(directory, "model", "show", "synthetic-stories-15m-q8_0", "--context=512");

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out())
                .containsPattern("512 +all +24\\.\\d+ +3\\.38 +- ")
                .contains("not predicted: ", "empty");
    }
}
