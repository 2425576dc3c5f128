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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time until the first token of an answer: a whole prompt of {@code contextLength} tokens, and the first token.
 *
 * <p>Timed: {@code llama_decode} of the prompt into an empty KV cache, waiting for the device, and choosing the most
 * likely token. Not timed: loading the model, and emptying the cache before each prompt.
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
public class TimeToFirstToken {
    private LlamaContext context;
    private int[] prompt;

    @Setup(Level.Trial)
    public void create(LoadedModel loaded, ContextChoice choice) {
        context = LlamaContext.create(loaded.model, choice.settings(0));
        Phase.CONTEXT.reached();
        prompt = new RandomTokens(loaded.model).prompt(choice.contextLength);
    }

    @Setup(Level.Iteration)
    public void empty() {
        context.truncate(0);
    }

    @Benchmark
    public int firstToken() {
        context.decode(prompt);
        context.synchronize();
        float[] logits = context.logits();
        int likeliest = 0;
        for (int token = 1; token < logits.length; token++) {
            if (logits[token] > logits[likeliest]) {
                likeliest = token;
            }
        }
        return likeliest;
    }

    @TearDown(Level.Iteration)
    public void decoded() {
        Phase.DECODE.reached();
    }

    @TearDown(Level.Trial)
    public void free() {
        context.close();
    }
}
