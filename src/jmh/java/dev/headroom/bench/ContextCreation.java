package dev.headroom.bench;

import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.Phase;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time and memory of allocating a context: KV cache and compute buffers for {@code contextLength} tokens.
 *
 * <p>Timed: {@code llama_init_from_model} and starting the threads. Not timed: loading the model, and freeing the
 * context after each iteration. Nothing is decoded, so pages that are allocated but never touched are not measured.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
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
public class ContextCreation {
    private LlamaContext context;

    @Benchmark
    public LlamaContext createContext(LoadedModel loaded, ContextChoice choice) {
        context = LlamaContext.create(loaded.model, choice.settings(0));
        return context;
    }

    @TearDown(Level.Iteration)
    public void free() {
        Phase.CONTEXT.reached();
        context.close();
    }
}
