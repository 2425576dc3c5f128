package dev.headroom.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How fast an answer is written: tokens per second, one token at a time, on top of {@code contextLength} tokens
 * (llama-bench {@code -n 128 -d N}: at most {@value #ROOM} tokens past the depth, then back to it).
 *
 * <p>Timed: {@code llama_decode} of one token and the wait for the device. Not timed: loading, prefilling (once a
 * fork), going back to the depth. No token is sampled: tokens are random, as in llama-bench.
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
@State(Scope.Thread)
public class TokenGeneration {
    static final int ROOM = 128;

    private FilledContext filled;

    @Setup(Level.Trial)
    public void fill(LoadedModel loaded, ContextChoice choice) {
        filled = new FilledContext(loaded, choice, ROOM);
    }

    @Setup(Level.Invocation)
    public void rewind() {
        filled.makeRoomFor(1);
    }

    @Benchmark
    public int generateToken() {
        filled.context.decode(filled.tokens.next());
        filled.context.synchronize();
        return filled.context.position();
    }

    @TearDown(Level.Trial)
    public void free() {
        filled.close();
    }
}
