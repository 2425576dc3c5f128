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
 * How long one token takes, as a distribution: the operation of {@link TokenGeneration}, each timed by itself.
 *
 * <p>Its median says what {@link TokenGeneration} says; its 99th percentile says how even the flow is.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
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
public class TokenLatency {
    private static final int ROOM = TokenGeneration.ROOM;

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
