package dev.headroom.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Throughput of prompt processing: {@value #PROMPT} prompt tokens decoded on top of {@code contextLength} tokens in the
 * KV cache. It corresponds to llama-bench {@code -p 512 -d N}.
 *
 * <p>Timed: {@code llama_decode} in chunks of {@code batch}, and waiting for the device at the end. Not timed: loading
 * the model, filling the context (once a fork), and going back to {@code contextLength} before each prompt.
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
public class PromptProcessing {
    static final int PROMPT = 512;

    private FilledContext filled;
    private int[] prompt;

    @Setup(Level.Trial)
    public void fill(LoadedModel loaded, ContextChoice choice) {
        filled = new FilledContext(loaded, choice, PROMPT);
    }

    @Setup(Level.Invocation)
    public void rewind() {
        filled.makeRoomFor(PROMPT);
        prompt = filled.tokens.next(PROMPT);
    }

    @Benchmark
    @OperationsPerInvocation(PROMPT)
    public int processPrompt() {
        filled.context.decode(prompt);
        filled.context.synchronize();
        return filled.context.position();
    }

    @TearDown(Level.Trial)
    public void free() {
        filled.close();
    }
}
