package dev.headroom.llama;

import static dev.headroom.llama.LlamaLogTest.lines;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.LlamaFacts.Buffer;
import dev.headroom.llama.LlamaFacts.Kind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The captured logs are from synthetic-stories-15m-q4_0 with one layer on devices, without the metadata lines. */
class LlamaSimulationTest {
    @Test
    void devicesOfLayersAreParsed() {
        assertThat(LlamaSimulation.devices(lines("simulation-cpu-v0.4.0.log")))
                .hasSize(7)
                .containsOnly("CPU");
        assertThat(LlamaSimulation.devices(lines("simulation-vulkan-v0.4.0.log")))
                .containsExactly("CPU", "CPU", "CPU", "CPU", "CPU", "CPU", "Vulkan0");
        assertThat(LlamaSimulation.devices(List.of("load_tensors: layer 99999999999 assigned to device CPU", "")))
                .isEmpty();
    }

    @Test
    void layersAreSortedByNumber() {
        assertThat(LlamaSimulation.devices(List.of(
                        "load_tensors: layer  10 assigned to device CUDA1, is_swa = 1",
                        "load_tensors: layer   9 assigned to device CUDA0")))
                .containsExactly("CUDA0", "CUDA1");
    }

    @Test
    void hostBuffersOfTensorsAreParsed() {
        assertThat(LlamaSimulation.hostBuffers(lines("simulation-cpu-v0.4.0.log")))
                .hasSize(57)
                .containsEntry("token_embd.weight", List.of("CPU"))
                .containsEntry("blk.5.attn_norm.weight", List.of("CPU"))
                .containsEntry("blk.5.ffn_up.weight", List.of("CPU_REPACK"));
        assertThat(LlamaSimulation.hostBuffers(List.of(
                        "tensor token_embd.weight (4 MiB q4_0) buffer type overridden to Vulkan_Host",
                        "tensor token_embd.weight (4 MiB q4_0) buffer type overridden to CPU_REPACK",
                        "tensor with no size buffer type overridden to CPU")))
                .containsExactly(Map.entry("token_embd.weight", List.of("CPU", "CPU_REPACK")));
    }

    @Test
    void memoryOfAContextIsParsed() {
        LlamaSimulation.Context cpu = LlamaSimulation.context(lines("simulation-cpu-v0.4.0.log"));
        assertThat(cpu.flashAttention()).isTrue();
        assertThat(cpu.kvMebibytes()).isEqualTo(3.38);
        assertThat(cpu.buffers())
                .containsExactly(new Buffer(Kind.OUTPUT, "CPU", 0.12), new Buffer(Kind.COMPUTE, "CPU", 7.26));
        assertThat(LlamaSimulation.context(lines("simulation-vulkan-v0.4.0.log"))
                        .buffers())
                .contains(new Buffer(Kind.COMPUTE, "Vulkan0", 6.35), new Buffer(Kind.COMPUTE, "Vulkan_Host", 2.20));
    }

    /** v0.4.0 logs two caches for Gemma 3: one for layers without a window, one for layers with a window. */
    @Test
    void kvCacheIsTheSumWithoutRecurrentState() {
        LlamaSimulation.Context context = LlamaSimulation.context(List.of(
                "llama_kv_cache: size =   80.00 MiB (  4096 cells,   5 layers,  1/1 seqs)",
                "llama_kv_cache: size =  174.00 MiB (  1536 cells,  29 layers,  1/1 seqs)",
                "llama_memory_recurrent: size =   38.25 MiB (     1 cells,  24 layers,  1 seqs  0 rs_seq)"));
        assertThat(context.kvMebibytes()).isEqualTo(254);
        assertThat(LlamaSimulation.context(List.of()).kvMebibytes()).isNull();
    }
}
