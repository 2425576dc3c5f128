package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WeightPlacementTest {
    private static final List<String> HOST = List.of("CPU", "CPU", "CPU");

    /** Consecutive tensors of 128 bytes. */
    private static List<GgufTensor> tensors(String... names) {
        List<GgufTensor> tensors = new ArrayList<>();
        for (String name : names) {
            tensors.add(new GgufTensor(name, TensorType.F32, List.of(32L), 128L * tensors.size()));
        }
        return tensors;
    }

    private static Map<String, List<String>> names(Map<String, Set<GgufTensor>> buffers) {
        Map<String, List<String>> names = new LinkedHashMap<>();
        buffers.forEach((buffer, tensors) ->
                names.put(buffer, tensors.stream().map(GgufTensor::name).toList()));
        return names;
    }

    @Test
    void layersAreOnTheirDeviceAndTheEmbeddingIsOnTheHost() {
        assertThat(names(WeightPlacement.buffers(
                        tensors(
                                "token_embd.weight",
                                "rope_freqs.weight",
                                "blk.0.attn_q.weight",
                                "blk.1.attn_q.weight",
                                "output_norm.weight",
                                "output.weight"),
                        List.of("CPU", "CUDA0", "CUDA1"),
                        Map.of())))
                .containsOnly(
                        Map.entry("CPU", List.of("token_embd.weight", "rope_freqs.weight", "blk.0.attn_q.weight")),
                        Map.entry("CUDA0", List.of("rope_freqs.weight", "blk.1.attn_q.weight")),
                        Map.entry("CUDA1", List.of("output_norm.weight", "output.weight")));
    }

    @Test
    void tiedEmbeddingIsCopiedToTheOutputDevice() {
        List<GgufTensor> tied = tensors("token_embd.weight", "blk.0.attn_q.weight", "output_norm.weight");
        assertThat(names(WeightPlacement.buffers(tied, List.of("CPU", "Vulkan0"), Map.of())))
                .containsOnly(
                        Map.entry("CPU", List.of("token_embd.weight", "blk.0.attn_q.weight")),
                        Map.entry("Vulkan0", List.of("token_embd.weight", "output_norm.weight")));
        assertThat(WeightPlacement.buffers(tied, List.of("CPU", "CPU"), Map.of())
                        .get("CPU"))
                .hasSize(3);
    }

    @Test
    void repackedTensorsAreOnlyInTheCopy() {
        List<GgufTensor> tensors = tensors("token_embd.weight", "blk.0.attn_q.weight", "output_norm.weight");
        Map<String, List<String>> host = Map.of(
                "token_embd.weight", List.of("CPU", "CPU_REPACK"),
                "blk.0.attn_q.weight", List.of("CPU_REPACK"));

        assertThat(names(WeightPlacement.buffers(tensors, List.of("CPU", "CPU"), host)))
                .containsOnly(
                        Map.entry("CPU", List.of("token_embd.weight", "output_norm.weight")),
                        Map.entry("CPU_REPACK", List.of("token_embd.weight", "blk.0.attn_q.weight")));
        assertThat(names(WeightPlacement.buffers(tensors, List.of("CPU", "CUDA0"), host)))
                .as("the output's copy is on the device only")
                .containsOnly(
                        Map.entry("CPU", List.of("token_embd.weight")),
                        Map.entry("CPU_REPACK", List.of("blk.0.attn_q.weight")),
                        Map.entry("CUDA0", List.of("token_embd.weight", "output_norm.weight")));
    }

    @Test
    void mappedBytesReachFromTheFirstTensorToTheLast() {
        List<GgufTensor> tensors =
                tensors("output.weight", "token_embd.weight", "blk.0.a.weight", "blk.1.a.weight", "output_norm.weight");
        Map<String, Set<GgufTensor>> buffers =
                WeightPlacement.buffers(tensors, List.of("CPU", "CUDA0", "CPU"), Map.of());
        Set<GgufTensor> host = buffers.getOrDefault("CPU", Set.of());

        assertThat(WeightPlacement.bytes(host)).isEqualTo(4 * 128);
        assertThat(WeightPlacement.mappedBytes(host)).isEqualTo(5 * 128);
        assertThat(WeightPlacement.mappedBytes(buffers.getOrDefault("CUDA0", Set.of())))
                .isEqualTo(128);
        assertThat(WeightPlacement.mappedBytes(Set.of())).isZero();
    }

    @Test
    void tensorsOfUnknownLayersAreOnTheOutputDevice() {
        assertThat(names(WeightPlacement.buffers(
                        tensors("blk.7.a.weight", "blk.999999999999.a.weight", "blk.x.weight", "output.weight"),
                        List.of("CPU", "CUDA0"),
                        Map.of())))
                .containsOnlyKeys("CUDA0");
        assertThat(WeightPlacement.buffers(tensors(), HOST, Map.of())).isEmpty();
    }
}
