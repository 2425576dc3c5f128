package dev.headroom.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Throughput of token generation: one token at a time, on top of {@code contextLength} tokens. It corresponds to
 * llama-bench {@code -n 128 -d N}: after 128 tokens the context goes back to {@code contextLength}.
 *
 * <p>Timed: {@code llama_decode} of one token, and waiting for the device. Not timed: loading the model, filling the
 * context (once a fork), and going back. Tokens are random, not sampled, as in llama-bench.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = {
            JvmOptions.NATIVE_ACCESS,
            JvmOptions.IGNORE_UNKNOWN,
            JvmOptions.UNSAFE,
            JvmOptions.COLLECTOR,
            JvmOptions.HEAP,
            JvmOptions.COMPILER,
            JvmOptions.COMPILE_EARLY
        })
public class TokenGeneration {
    @Benchmark
    public int generateToken(GeneratedToken token) {
        return token.generate();
    }
}
