package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code headroom meters} with real memory: of the host, of ggml's CPU, and of a software Vulkan device. */
@EnabledOnOs(OS.LINUX)
class MetersIT {
    private static JsonNode report = new ObjectMapper().createObjectNode();

    @BeforeAll
    static void tryMeters(@TempDir Path directory) throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .environment("GGML_VK_VISIBLE_DEVICES", "0")
                .run(directory, "meters", "--json");

        assertThat(result.exit()).as(result.err()).isZero();
        report = new ObjectMapper().readTree(result.out());
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void metersOfTheKernelAreRight() {
        for (String place : List.of("host", "CPU (")) {
            for (String meter : List.of("linux.hwm", "linux.anon")) {
                JsonNode verdict = verdict(place, meter);
                assertThat(verdict.get("verdict").asText())
                        .as(report.toPrettyString())
                        .isIn("exact", "follows");
                assertThat(verdict.get("withinMib").asDouble()).isLessThan(2);
            }
        }
        assertThat(trials("host", "linux.hwm").map(trial -> trial.get("mib").asDouble()))
                .startsWith(1.0, 16.0, 256.0)
                .hasSize(4);
        assertThat(report.get("meters"))
                .allSatisfy(meter -> assertThat(meter.has("scope")).isTrue());
        assertThat(report.get("unavailable").get("macos.resident").asText()).contains("macOS");
    }

    @Test
    void softwareVulkanLivesInHostMemory() {
        assumeTrue(
                StreamSupport.stream(report.get("trials").spliterator(), false)
                        .anyMatch(trial -> trial.get("place").asText().startsWith("Vulkan")),
                "there is no Vulkan device");
        assertThat(trials("Vulkan", "linux.hwm")
                        .filter(trial -> trial.get("mib").asDouble() == 256.0)
                        .findFirst()
                        .orElseThrow()
                        .get("seenMib")
                        .asDouble())
                .as(report.toPrettyString())
                .isBetween(255.0, 258.0);
    }

    @Test
    void directoryWithoutLlamaIsNamed(@TempDir Path directory) throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, "meters", "--llama=" + directory);

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err().lines()).hasSize(1);
        assertThat(result.err()).contains(directory.toString());
    }

    private static JsonNode verdict(String place, String meter) {
        return StreamSupport.stream(report.get("verdicts").spliterator(), false)
                .filter(verdict -> verdict.get("place").asText().startsWith(place))
                .filter(verdict -> verdict.get("meter").asText().equals(meter))
                .findFirst()
                .orElseThrow(() -> new AssertionError(place + " " + meter + " in " + report.toPrettyString()));
    }

    private static Stream<JsonNode> trials(String place, String meter) {
        return StreamSupport.stream(report.get("trials").spliterator(), false)
                .filter(trial -> trial.get("place").asText().startsWith(place))
                .filter(trial -> trial.get("meter").asText().equals(meter));
    }
}
