package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.MeterReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetersCommandTest {
    @Test
    void metersWithTheSameReasonShareALine() {
        Map<String, String> unavailable = new LinkedHashMap<>();
        unavailable.put("nvml.device", "there is no NVIDIA driver");
        unavailable.put("amd.vram", "no card");
        unavailable.put("nvml.process", "there is no NVIDIA driver");

        String text = MetersCommand.text(
                new MeterReport("", Map.of(), List.of(), unavailable, List.of(), List.of(), null, Map.of()));

        assertThat(text.lines().filter(line -> line.startsWith("unavailable")))
                .containsExactly(
                        "unavailable: nvml.device, nvml.process: there is no NVIDIA driver",
                        "unavailable: amd.vram: no card");
    }
}
