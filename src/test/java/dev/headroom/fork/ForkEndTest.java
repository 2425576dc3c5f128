package dev.headroom.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.BadInput;
import dev.headroom.environment.OomKills;
import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaLog;
import dev.headroom.llama.LlamaOutOfMemory;
import dev.headroom.result.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.runner.BenchmarkException;
import org.openjdk.jmh.runner.RunnerException;

class ForkEndTest {
    private static final LlamaFacts NOTHING = LlamaLog.parse(List.of());
    private static final OomKills NOT_COUNTED = new OomKills(null, null);
    private static final OomKills NONE = new OomKills(0L, 0L);

    /** As JMH 1.37 throws it. */
    private static RunnerException exit(int code) {
        return new RunnerException(
                "Benchmark caught the exception",
                new BenchmarkException(new IllegalStateException("Forked VM failed with exit code " + code)));
    }

    private static RunnerException thrown(Throwable inTheFork) {
        return new RunnerException("Benchmark caught the exception", new BenchmarkException(inTheFork));
    }

    private static ForkEnd end(@Nullable Throwable thrown, String... output) {
        return end(thrown, NONE, NOTHING, List.of(), output);
    }

    private static ForkEnd end(
            @Nullable Throwable thrown, OomKills kills, LlamaFacts facts, List<String> crash, String... output) {
        return ForkEnd.of(new ForkEnd.Evidence(thrown, List.of(output), facts, crash, kills));
    }

    @Test
    void exceptionTypeDecidesTheStatus() {
        assertThat(end(thrown(new LlamaOutOfMemory("no room")))).isEqualTo(new ForkEnd(Status.OOM, "no room"));
        assertThat(end(thrown(new BadInput("not that")))).isEqualTo(new ForkEnd(Status.REFUSED, "not that"));
        assertThat(end(thrown(new OutOfMemoryError("Java heap space"))).status())
                .isEqualTo(Status.OOM);
        ForkEnd other = end(thrown(new IllegalStateException("a fault of ours")));
        assertThat(other.status()).isEqualTo(Status.CRASHED);
        assertThat(other.reason()).contains("a fault of ours");
        assertThat(end(null)).isEqualTo(new ForkEnd(Status.CRASHED, "The fork ended without a result."));
    }

    @Test
    void killIsOutOfMemoryOnlyIfTheKernelCountedOne() {
        ForkEnd inGroup = end(exit(137), new OomKills(1L, 1L), NOTHING, List.of());
        assertThat(inGroup.status()).isEqualTo(Status.OOM);
        assertThat(inGroup.reason()).contains("signal 9 (SIGKILL)", "in this control group rose by 1");
        ForkEnd onMachine = end(exit(137), new OomKills(null, 2L), NOTHING, List.of());
        assertThat(onMachine.status()).isEqualTo(Status.OOM);
        assertThat(onMachine.reason()).contains("on this machine rose by 2");
        ForkEnd outside = end(exit(137), NONE, NOTHING, List.of());
        assertThat(outside.status()).isEqualTo(Status.CRASHED);
        assertThat(outside.reason()).contains("Another process ended the fork", "counted no out-of-memory kill");
        assertThat(end(exit(137), NOT_COUNTED, NOTHING, List.of()).reason()).contains("does not report");
    }

    /** The kernel may kill other processes while this fork fails by itself. */
    @Test
    void killOfAnotherProcessDoesNotExplainAnAbort() {
        assertThat(end(exit(134), new OomKills(0L, 1L), NOTHING, List.of()).status())
                .isEqualTo(Status.CRASHED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "134 | GGML_ASSERT(n_tokens <= n_batch) failed | CRASHED | signal 6 (SIGABRT), after",
                "134 | terminate called after throwing an instance of 'std::bad_alloc' | OOM | Memory ran out",
                "134 | '  what():  vk::Device::allocateMemory: ErrorOutOfDeviceMemory' | OOM | ErrorOutOfDeviceMemory",
                "134 | CUDA error: out of memory | OOM | CUDA error: out of memory",
                "134 | CUDA error: an illegal memory access was encountered | CRASHED | illegal memory access",
                "139 | nothing of interest | CRASHED | signal 11 (SIGSEGV).",
                "132 | x | CRASHED | signal 4 (SIGILL)",
                "135 | x | CRASHED | signal 7 (SIGBUS)",
                "1 | x | CRASHED | exit code 1.",
                "200 | x | CRASHED | exit code 200.",
                "-1073741819 | x | CRASHED | exit code 0xC0000005 (access violation)",
                "-1073741801 | x | OOM | 0xC0000017 (no memory)",
                "-1073741523 | x | OOM | 0xC000012D (commitment limit)",
            })
    void otherEndsAreDescribedByExitCodeAndLastWords(int code, String lastWords, Status status, String reason) {
        ForkEnd end = end(exit(code), "# Warmup Iteration   1: ", lastWords, "<forked VM failed with exit code>");

        assertThat(end.status()).isEqualTo(status);
        assertThat(end.reason()).contains(reason);
    }

    @Test
    void failedAllocationIsReadFromLlamaCppsLog() {
        LlamaFacts facts = LlamaLog.parse(List.of(
                "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 8192.00 MiB on device 0: "
                        + "cudaMalloc failed: out of memory",
                "alloc_tensor_range: failed to allocate CUDA0 buffer of size 8589934592"));

        ForkEnd end = end(exit(134), NONE, facts, List.of());

        assertThat(end.status()).isEqualTo(Status.OOM);
        assertThat(end.reason()).contains("llama.cpp could not allocate 8192 MiB on CUDA0", "signal 6");
    }

    @Test
    void crashReportHasFrameAndFailedAllocation() {
        ForkEnd crash = end(
                exit(134),
                NONE,
                NOTHING,
                List.of(
                        "#",
                        "# A fatal error has been detected by the Java Runtime Environment:",
                        "#",
                        "#  SIGSEGV (0xb) at pc=0x00007f2d1c0a1b2c, pid=4242, tid=4243",
                        "# Problematic frame:",
                        "# C  [libggml-cpu-skylakex.so+0x41b2c]  ggml_compute_forward_mul_mat+0x9c",
                        "#"),
                "# A fatal error has been detected by the Java Runtime Environment:");
        assertThat(crash.status()).isEqualTo(Status.CRASHED);
        assertThat(crash.reason())
                .contains("in C  [libggml-cpu-skylakex.so+0x41b2c]  ggml_compute_forward_mul_mat+0x9c.");

        ForkEnd memory = end(
                exit(1),
                NONE,
                NOTHING,
                List.of(
                        "# There is insufficient memory for the Java Runtime Environment to continue.",
                        "# Native memory allocation (mmap) failed to map 178257920 bytes for committing "
                                + "reserved memory."));
        assertThat(memory.status()).isEqualTo(Status.OOM);
        assertThat(memory.reason()).contains("could not allocate 170 MiB");
    }

    @Test
    void lastWordsAreCutToOneShortLine() {
        ForkEnd end = end(exit(134), "GGML_ASSERT(\u001b[31m" + "x".repeat(5000) + ") failed");

        assertThat(end.reason()).hasSizeLessThan(400).doesNotContain("\u001b");
    }
}
