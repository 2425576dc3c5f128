package dev.headroom.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of the cheapest llama.cpp call through JNA: the least that the harness adds to every token.
 *
 * <p>Timed: {@code llama_max_devices}, which returns a constant.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 1, time = 1)
@Measurement(iterations = 5, time = 1)
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
public class NativeCall {
    @Benchmark
    public long call(Llama llama) {
        return llama.library.maxDevices();
    }
}
