package dev.headroom.gguf;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizationTest {
    @ParameterizedTest(name = "{0}")
    @MethodSource("recorded")
    void choosesTheTypesThatLlamaCppChooses(String model, List<String> types) {
        String[] parts = model.split(" ", -1);
        SyntheticModel synthetic = SyntheticModel.parse("synthetic-" + parts[1] + "-" + parts[2]);

        assertThat(lines(synthetic.tensors())).containsExactlyElementsOf(new TreeSet<>(types));
    }

    static Stream<Arguments> recorded() throws IOException {
        Map<String, List<String>> models = new LinkedHashMap<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(QuantizationTest.class.getResourceAsStream("quantizer-types.txt")),
                StandardCharsets.UTF_8))) {
            List<String> current = new ArrayList<>();
            for (String line :
                    reader.lines().filter(line -> !line.startsWith("#")).toList()) {
                if (line.startsWith("model ")) {
                    current = new ArrayList<>();
                    models.put(line, current);
                } else {
                    current.add(line);
                }
            }
        }
        return models.entrySet().stream().map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
    }

    /** The format of the recording: one line if all layers have the same type, else one line for each type. */
    private static Set<String> lines(List<GgufTensor> tensors) {
        Map<String, TreeMap<TensorType, String>> byName = tensors.stream()
                .collect(groupingBy(
                        tensor -> tensor.name().replaceFirst("^blk\\.\\d+\\.", ""),
                        groupingBy(
                                GgufTensor::type,
                                TreeMap::new,
                                mapping(
                                        tensor -> tensor.name().replaceFirst("^blk\\.(\\d+)\\..*", "$1"),
                                        joining(",")))));
        Set<String> lines = new TreeSet<>();
        byName.forEach((name, types) ->
                types.forEach((type, layers) -> lines.add(name + " " + type + (types.size() > 1 ? " " + layers : ""))));
        return lines;
    }

    @Test
    void expertsPublishedInOneTypeKeepIt() {
        assertThat(SyntheticModel.parse("synthetic-gpt-oss-20b-l2-q4_k_m").tensors())
                .filteredOn(tensor -> tensor.name().endsWith("exps.weight"))
                .hasSize(6)
                .allMatch(tensor -> tensor.type() == TensorType.MXFP4);
    }

    @Test
    void f16LeavesNormsAndRoutersInF32() {
        assertThat(SyntheticModel.parse("synthetic-qwen3-30b-a3b-l1-f16").tensors())
                .filteredOn(tensor -> tensor.type() == TensorType.F32)
                .extracting(GgufTensor::name)
                .containsExactly(
                        "blk.0.attn_norm.weight",
                        "blk.0.attn_q_norm.weight",
                        "blk.0.attn_k_norm.weight",
                        "blk.0.ffn_norm.weight",
                        "blk.0.ffn_gate_inp.weight",
                        "output_norm.weight");
    }

    @Test
    void unknownNameListsAllNames() {
        assertThatThrownBy(() -> Quantization.named("q5"))
                .isInstanceOf(BadInput.class)
                .hasMessage("No quantization named q5: choose one of f16, q8_0, q4_0, q4_1, q4_k_m, q6_k, mxfp4.");
    }
}
