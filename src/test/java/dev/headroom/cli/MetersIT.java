package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code headroom meters} with real memory: the host's, ggml's CPU's, and a software Vulkan device's. */
@EnabledOnOs(OS.LINUX)
class MetersIT {
    @Test
    void theKernelsMetersAreRight(@TempDir Path directory) throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, "meters", "--json");

        assertThat(result.exit()).as(result.err()).isZero();
        JsonNode report = new ObjectMapper().readTree(result.out());
        for (String place : List.of("host", "CPU (")) {
            for (String meter : List.of("linux.hwm", "linux.anon")) {
                JsonNode verdict = verdict(report, place, meter);
                assertThat(verdict.get("verdict").asText())
                        .as(report.toPrettyString())
                        .isIn("exact", "follows");
                assertThat(verdict.get("withinMib").asDouble()).isLessThan(2);
            }
        }
        assertThat(trials(report, "host", "linux.hwm")
                        .map(trial -> trial.get("mib").asDouble()))
                .startsWith(1.0, 16.0, 256.0)
                .hasSize(4);
        assertThat(report.get("meters"))
                .allSatisfy(meter -> assertThat(meter.has("scope")).isTrue());
        assertThat(report.get("unavailable").get("macos.resident").asText()).contains("macOS");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void softwareVulkanLivesInHostMemory(@TempDir Path directory) throws IOException, InterruptedException {
        Result result = new HeadroomProcess()
                .environment("GGML_VK_VISIBLE_DEVICES", "0")
                .run(directory, "meters", "--json");

        assertThat(result.exit()).as(result.err()).isZero();
        JsonNode report = new ObjectMapper().readTree(result.out());
        assumeTrue(
                StreamSupport.stream(report.get("trials").spliterator(), false)
                        .anyMatch(trial -> trial.get("place").asText().startsWith("Vulkan")),
                "there is no Vulkan device");
        assertThat(trials(report, "Vulkan", "linux.hwm")
                        .filter(trial -> trial.get("mib").asDouble() == 256.0)
                        .findFirst()
                        .orElseThrow()
                        .get("seenMib")
                        .asDouble())
                .as(report.toPrettyString())
                .isBetween(255.0, 258.0);
    }

    @Test
    void aDirectoryWithoutLlamaIsNamed(@TempDir Path directory) throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(directory, "meters", "--llama=" + directory);

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err().lines()).hasSize(1);
        assertThat(result.err()).contains(directory.toString());
    }

    private static JsonNode verdict(JsonNode report, String place, String meter) {
        return StreamSupport.stream(report.get("verdicts").spliterator(), false)
                .filter(verdict -> verdict.get("place").asText().startsWith(place))
                .filter(verdict -> verdict.get("meter").asText().equals(meter))
                .findFirst()
                .orElseThrow(() -> new AssertionError(place + " " + meter + " in " + report.toPrettyString()));
    }

    private static Stream<JsonNode> trials(JsonNode report, String place, String meter) {
        return StreamSupport.stream(report.get("trials").spliterator(), false)
                .filter(trial -> trial.get("place").asText().startsWith(place))
                .filter(trial -> trial.get("meter").asText().equals(meter));
    }
}
