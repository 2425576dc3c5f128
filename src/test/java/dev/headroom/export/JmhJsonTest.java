package dev.headroom.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JmhJsonTest {
    private static String entry(String benchmark, String params) {
        return "{\"benchmark\":\"" + benchmark + "\",\"mode\":\"thrpt\",\"params\":{" + params
                + "},\"primaryMetric\":{\"score\":1.5,\"scoreError\":\"NaN\"}}";
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text);
    }

    @Test
    void eachEnvironmentIsAFileWithVaryingParametersOnly() throws IOException {
        String jmh = "["
                + entry("a", "\"model\":\"m\",\"contextLength\":\"64\",\"environment\":\"wsl2\"") + ","
                + entry("a", "\"model\":\"m\",\"contextLength\":\"256\",\"environment\":\"wsl2\"") + ","
                + entry("a", "\"model\":\"m\",\"contextLength\":\"64\",\"environment\":\"native-linux\"") + "]";

        Map<String, String> files = JmhJson.visualizer(jmh);

        assertThat(files).containsOnlyKeys("visualizer/wsl2.json", "visualizer/native-linux.json");
        JsonNode wsl = json(files.getOrDefault("visualizer/wsl2.json", ""));
        assertThat(wsl).hasSize(2);
        assertThat(wsl.at("/0/params").toString()).isEqualTo("{\"contextLength\":\"64\"}");
        assertThat(wsl.at("/1/params").toString()).isEqualTo("{\"contextLength\":\"256\"}");
        assertThat(wsl.at("/0/primaryMetric/scoreError").asText()).isEqualTo("NaN");
        assertThat(json(files.getOrDefault("visualizer/native-linux.json", "")).at("/0/params"))
                .isEqualTo(wsl.at("/0/params"));
    }

    @Test
    void repeatedEnvironmentGetsTheRunId() throws IOException {
        Map<String, String> runs = new LinkedHashMap<>();
        runs.put("one", "[" + entry("a", "\"environment\":\"wsl2\"") + "]");
        runs.put("two", "[" + entry("a", "\"environment\":\"wsl2\"") + "]");
        runs.put("three", "[" + entry("a", "\"environment\":\"native-linux\"") + "]");

        String merged = JmhJson.merged(runs);

        assertThat(json(merged).findValuesAsText("environment")).containsExactly("wsl2", "wsl2-two", "native-linux");
        assertThat(JmhJson.visualizer(merged)).hasSize(3);
    }

    @Test
    void fileNameCannotLeaveTheFolder() {
        String jmh = "[" + entry("a", "\"environment\":\"../../x\"") + "," + entry("a", "") + "]";

        assertThat(JmhJson.visualizer(jmh).keySet())
                .containsExactly("visualizer/.._.._x.json", "visualizer/unknown.json");
    }

    @Test
    void invalidJsonIsRefused() {
        assertThatThrownBy(() -> JmhJson.visualizer("[{")).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> JmhJson.merged(Map.of("a", "{}"))).isInstanceOf(UncheckedIOException.class);
    }
}
