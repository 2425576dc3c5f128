package dev.headroom.bench;

import dev.headroom.llama.LlamaModel;
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
 * Time and memory of loading the model.
 *
 * <p>Timed: {@code llama_model_load_from_file}, until the weights are on their devices. The warm-up iteration brings
 * the file into the system's page cache, if memory permits. Not timed: freeing the model after each iteration.
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
public class ModelLoad {
    private LlamaModel model;

    @Benchmark
    public LlamaModel loadModel(ModelChoice choice) {
        model = choice.load();
        return model;
    }

    @TearDown(Level.Iteration)
    public void free() {
        Phase.MODEL.reached();
        model.close();
    }
}
