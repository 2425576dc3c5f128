package dev.headroom.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.LlamaFacts.Buffer;
import dev.headroom.llama.LlamaFacts.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The captured logs are from SmolLM2-135M-Instruct Q4_1, without the lines with the model's metadata. */
class LlamaLogTest {
    private static final int DEBUG = 1;
    private static final int INFO = 2;
    private static final int ERROR = 4;
    private static final int CONT = 5;

    private static LlamaFacts parse(String captured) {
        return LlamaLog.parse(lines(captured));
    }

    /** The lines of a captured log. */
    static List<String> lines(String captured) {
        try (InputStream in = Objects.requireNonNull(LlamaLogTest.class.getResourceAsStream(captured), captured)) {
            return new String(in.readAllBytes(), UTF_8).lines().toList();
        } catch (IOException e) {
            return Assertions.fail(e);
        }
    }

    @Test
    void modelOnTheCpu() {
        LlamaFacts facts = parse("cpu-v0.4.0.log");
        assertThat(facts.buffers())
                .containsExactly(
                        new Buffer(Kind.MODEL, "CPU_Mapped", 92.10),
                        new Buffer(Kind.OUTPUT, "CPU", 0.19),
                        new Buffer(Kind.KV, "CPU", 11.25),
                        new Buffer(Kind.COMPUTE, "CPU", 14.01));
        assertThat(facts.devicesUsed()).isEmpty();
        assertThat(facts.flashAttention()).isTrue();
        assertThat(facts.offloadedLayers()).isNull();
        assertThat(facts.failedAllocation()).isNull();
    }

    @Test
    void olderReleasesAreParsed() {
        for (String release : List.of("b8352", "b6431", "b5640")) {
            LlamaFacts facts = parse("cpu-" + release + ".log");
            assertThat(facts.mebibytes(Kind.MODEL)).as(release).hasValue(92.10);
            assertThat(facts.mebibytes(Kind.KV)).as(release).hasValue(11.25);
            assertThat(facts.mebibytes(Kind.COMPUTE)).as(release).isPresent();
            assertThat(facts.mebibytes(Kind.RECURRENT)).as(release).isEmpty();
            assertThat(facts.flashAttention()).as(release).isEqualTo(!release.equals("b5640"));
        }
    }

    @Test
    void modelOnADevice() {
        LlamaFacts facts = parse("vulkan-v0.4.0.log");
        assertThat(facts.devicesUsed()).containsExactly("Vulkan0");
        assertThat(facts.offloadedLayers()).isEqualTo(31);
        assertThat(facts.totalLayers()).isEqualTo(31);
        assertThat(facts.buffers())
                .contains(new Buffer(Kind.MODEL, "Vulkan0", 92.10), new Buffer(Kind.COMPUTE, "Vulkan_Host", 1.26));
        assertThat(facts.mebibytes(Kind.COMPUTE).orElseThrow()).isCloseTo(7.01, Assertions.within(1e-9));
    }

    @Test
    void failedAllocation() {
        LlamaFacts facts = parse("vulkan-v0.4.0-out-of-memory.log");
        assertThat(facts.failedAllocation())
                .isEqualTo(new LlamaFacts.FailedAllocation("Vulkan0", 7_680_000_000.0 / (1 << 20)));
        assertThat(facts.mebibytes(Kind.KV)).isEmpty();
    }

    /** These lines are from ggml's sources, for devices without a captured log. */
    @Test
    void failedAllocationsOfOtherBackends() {
        assertThat(failure("ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4096.00 MiB on device 1: "
                        + "cudaMalloc failed: out of memory"))
                .isEqualTo(new LlamaFacts.FailedAllocation("CUDA1", 4096.0));
        assertThat(failure("ggml_metal_buffer_init: error: failed to allocate buffer, size = 12288.00 MiB"))
                .isEqualTo(new LlamaFacts.FailedAllocation(null, 12288.0));
        assertThat(failure("llama_model_load: error loading model: unable to allocate CUDA0 buffer"))
                .isEqualTo(new LlamaFacts.FailedAllocation("CUDA0", null));
        assertThat(failure("CUDA error: out of memory")).isNotNull();
        assertThat(failure("ggml_cuda_host_malloc: failed to allocate 64.00 MiB of pinned memory: out of memory"))
                .isNull();
    }

    private static LlamaFacts.@Nullable FailedAllocation failure(String line) {
        return LlamaLog.parse(List.of(line)).failedAllocation();
    }

    @Test
    void onlyTheLastModelAndContextCount() {
        List<String> twice = new ArrayList<>(lines("vulkan-v0.4.0-out-of-memory.log"));
        twice.addAll(lines("cpu-v0.4.0.log"));
        assertThat(LlamaLog.parse(twice)).isEqualTo(parse("cpu-v0.4.0.log"));

        List<String> contextTwice = new ArrayList<>(lines("cpu-v0.4.0.log"));
        int context = contextTwice.stream()
                .filter(l -> l.startsWith(LlamaLog.CREATING))
                .map(contextTwice::indexOf)
                .findFirst()
                .orElseThrow();
        contextTwice.addAll(List.copyOf(contextTwice.subList(context, contextTwice.size())));
        assertThat(LlamaLog.parse(contextTwice)).isEqualTo(parse("cpu-v0.4.0.log"));
    }

    @Test
    void flashAttentionIsOffIfUnsupported() {
        assertThat(flashAttention("resolve_fused_ops: Flash Attention not supported, set to disabled"))
                .isFalse();
        assertThat(flashAttention("llama_context: Flash Attention was auto, set to disabled"))
                .isFalse();
        assertThat(flashAttention("llama_context: flash_attn            = disabled"))
                .isFalse();
        assertThat(flashAttention("llama_context: flash_attn            = auto"))
                .isNull();
    }

    private static @Nullable Boolean flashAttention(String line) {
        return LlamaLog.parse(List.of(line)).flashAttention();
    }

    @Test
    void emptyLogHasNoFacts() {
        LlamaFacts facts = LlamaLog.parse(List.of());
        assertThat(facts.mebibytes(Kind.MODEL)).isEmpty();
        assertThat(facts.totalLayers()).isNull();
    }

    @Test
    void chunksBecomeLinesWithoutDebug() {
        LlamaLog log = new LlamaLog(null);
        log.append(INFO, "load_tensors: CPU model");
        log.append(CONT, " buffer\nnext: line");
        log.append(DEBUG, "noise\n");
        log.append(CONT, "more noise\n");
        log.append(INFO, "\n");
        log.append(ERROR, "bad: thing");
        assertThat(log.lines()).containsExactly("load_tensors: CPU model buffer", "next: line", "bad: thing");
    }

    @Test
    void onlyTheLastLinesAreKept() {
        LlamaLog log = new LlamaLog(null);
        for (int i = 0; i < 10_500; i++) {
            log.append(INFO, "line " + i + "\n");
        }
        assertThat(log.lines()).hasSize(10_000).endsWith("line 10499").startsWith("line 500");
    }

    @Test
    void failureHasTheErrorsSinceTheMark() {
        LlamaLog log = new LlamaLog(null);
        log.append(ERROR, "before: failed to allocate CPU buffer of size 1\n");
        long mark = log.mark();
        log.append(INFO, "irrelevant\n");
        log.append(ERROR, "gguf_init: invalid magic\n");
        assertThat(log.failure("It failed", mark))
                .isExactlyInstanceOf(LlamaException.class)
                .hasMessage("It failed: invalid magic.");
        log.append(ERROR, "alloc: failed to allocate CUDA0 buffer of size 1048576\n");
        assertThat(log.failure("It failed", mark)).isInstanceOf(LlamaOutOfMemory.class);
        assertThat(log.failure("It failed", log.mark())).hasMessage("It failed: it logged no error.");
    }

    @Test
    void eachLineIsWrittenToTheFileAtOnce(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("llama.log");
        LlamaLog log = new LlamaLog(file);
        log.append(INFO, "one\ntwo\nhal");
        assertThat(Files.readAllLines(file)).containsExactly("one", "two");
    }
}
