package dev.headroom.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.headroom.BadInput;
import dev.headroom.place.RunDifferences;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnfinishedRunTest {
    private static final Run BEGUN = new Run(
            1,
            "id",
            "1.0",
            "2026-03-04T05:06:07Z",
            null,
            new NamedValues(
                    "mine", Map.of("benchmarks", "NativeCall,ModelLoad", "model", "synthetic-stories-15m-q8_0")),
            new NamedValues("vm-linux", Map.of("kernel", "6.1", "bootId", "1", "memoryAvailableMiB", "100")),
            new Run.Llama(
                    "v0.4.0",
                    "abc",
                    "/llama/libllama.so",
                    List.of(new Run.Device("CPU", "EPYC", "cpu", null)),
                    null,
                    "f1"),
            List.of(new Run.Model("m.gguf", "/m.gguf", false, "llama", "Q4_0", 1, 2, 3, null, null, "f2")),
            List.of(new Run.MeterFact("linux.hwm", "process", "resident", List.of("·ram.peak"))),
            Map.of(),
            Map.of(
                    "wsl2",
                    new Run.PlaceFacts(
                            new NamedValues("wsl2", Map.of("kernel", "6.6")),
                            new Run.Llama("v0.4.0", "abc", "/l/libllama.so", List.of(), null, "f3"),
                            List.of(),
                            Map.of())),
            null,
            List.of("a warning"),
            List.of());

    @TempDir
    Path folder;

    @Test
    void planIsReadFromTheJournal() {
        Journal.begin(folder, BEGUN);

        UnfinishedRun run = UnfinishedRun.in(folder);
        assertThat(run.plan().name()).isEqualTo("mine");
        assertThat(run.plan().cells())
                .extracting(cell -> cell.id())
                .containsExactlyInAnyOrder("NativeCall", "ModelLoad-synthetic-stories-15m-q8_0");
        assertThat(run.llama()).as("nothing here is called /llama").isEmpty();
    }

    @Test
    void sameMachineLaterHasNoDifferences() throws IOException {
        assertThat(RunDifferences.between(BEGUN, changed("/environment/memoryAvailableMiB", "50")))
                .isEmpty();
        assertThat(RunDifferences.between(BEGUN, changed("/environment/gpu2Display", "none")))
                .as("a display that is switched off")
                .isEmpty();
        assertThat(RunDifferences.between(BEGUN, changed("/models/0/path", "/elsewhere/m.gguf")))
                .as("a model that has moved")
                .isEmpty();
        assertThat(RunDifferences.between(BEGUN, changed("/environment/bootId", "2")))
                .as("a reboot")
                .isEmpty();
        assertThat(RunDifferences.between(BEGUN, changed("/llama/library", "/elsewhere/libllama.so")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/headroom, 1.1, Headroom was 1.0 and is 1.1",
        "/plan/model, x.gguf, plan's model was synthetic-stories-15m-q8_0 and is x.gguf",
        "/places/wsl2/environment/kernel, 6.7, wsl2: environment's kernel was 6.6 and is 6.7",
        "/places/wsl2/llama/fingerprint, f4, wsl2: llama.cpp's fingerprint was f3 and is f4",
        "/plan/forks, 3, plan's forks was absent and is 3",
        "/environment/kernel, 6.2, environment's kernel was 6.1 and is 6.2",
        "/environment/gpu, RTX, environment's gpu was absent and is RTX",
        "/llama/version, v0.5.0, llama.cpp's version was v0.4.0 and is v0.5.0",
        "/llama/fingerprint, f9, llama.cpp's fingerprint was f1 and is f9",
        "/llama/devices/0/name, Vulkan0, llama.cpp's devices was CPU (EPYC) and is Vulkan0 (EPYC)",
        "/models/0/fingerprint, f9, 'model m.gguf was 2 bytes, f2 and is 2 bytes, f9'",
        "/models/0/id, n.gguf, model m.gguf was 2 bytes",
        "/meters/0/name, os, meters of ·ram.peak was linux.hwm and is os",
    })
    void differencesAreNamed(String pointer, String value, String difference) throws IOException {
        assertThat(RunDifferences.between(BEGUN, changed(pointer, value)))
                .isNotEmpty()
                .anyMatch(text -> text.startsWith(difference));
    }

    @Test
    void resumingUnderOtherConditionsIsRefused() throws IOException {
        Journal.begin(folder, BEGUN);
        UnfinishedRun run = UnfinishedRun.in(folder);
        Run other = changed("/llama/version", "v0.5.0");

        run.check(BEGUN);
        assertThatThrownBy(() -> run.check(other))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("llama.cpp's version was v0.4.0 and is v0.5.0")
                .hasMessageContaining("without --resume");
    }

    @Test
    void resumedRunNamesTheBootsOfBothParts() throws IOException {
        Journal.begin(folder, BEGUN);
        UnfinishedRun run = UnfinishedRun.in(folder);

        Run rebooted = run.continued(changed("/environment/bootId", "2"));
        assertThat(rebooted.environment().values()).containsEntry("bootId", "1 2");
        assertThat(rebooted.place("wsl2").environment().values()).doesNotContainKey("bootId");
        assertThat(run.continued(BEGUN)).isEqualTo(BEGUN);
        assertThat(run.continued(changed("/places/wsl2/environment/bootId", "9"))
                        .place("wsl2")
                        .environment()
                        .values())
                .as("an older Headroom did not record the first boot")
                .containsEntry("bootId", "9");
    }

    @Test
    void forkOfAnUnknownCellIsRefused() {
        Journal.begin(folder, BEGUN).append(ForkResult.refused("Nonsense", 1, "r", "t"));

        assertThatThrownBy(() -> UnfinishedRun.in(folder).check(BEGUN))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("a fork of Nonsense");
    }

    private static Run changed(String pointer, String value) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode tree = (ObjectNode) mapper.readTree(Json.line(BEGUN));
        int slash = pointer.lastIndexOf('/');
        ((ObjectNode) tree.at(pointer.substring(0, slash))).put(pointer.substring(slash + 1), value);
        return Json.read(tree.toString(), Run.class);
    }
}
