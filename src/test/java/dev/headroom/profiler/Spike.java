package dev.headroom.profiler;

import com.sun.jna.Memory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Known memory: the second iteration allocates, touches, holds and frees {@value #BYTES} bytes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class Spike {
    static final long BYTES = 256L << 20;
    private static final long HOLD_MILLIS = 200;

    private int calls;

    @Benchmark
    public int spike() throws InterruptedException {
        if (++calls == 2) {
            try (Memory memory = new Memory(BYTES)) {
                memory.setMemory(0, BYTES, (byte) 1);
                Thread.sleep(HOLD_MILLIS);
            }
        }
        return calls;
    }
}
