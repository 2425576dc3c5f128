package dev.headroom.bench;

import dev.headroom.environment.Cpu;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a context is made of; each of these moves hundreds of MiB, so each is a parameter. */
@State(Scope.Thread)
public class ContextChoice {
    /** Tokens already in the KV cache when the timed work begins. */
    @Param("512")
    public int contextLength;

    /** Type of the KV cache: f32, f16, bf16, q8_0, … */
    @Param("f16")
    public String kvType;

    /** auto, on or off; what auto became stands in run.json. */
    @Param("auto")
    public String flashAttention;

    /** Tokens a call of llama_decode takes at most. */
    @Param("2048")
    public int batch;

    /** Tokens computed at once. */
    @Param("512")
    public int ubatch;

    /** CPU threads; 0: as many as there are physical cores. */
    @Param("0")
    public int threads;

    /** Settings for a context that holds {@code contextLength} tokens and {@code room} more. */
    ContextSettings settings(int room) {
        return new ContextSettings(
                contextLength + room,
                batch,
                ubatch,
                KvType.valueOf(kvType.toUpperCase(Locale.ROOT)),
                FlashAttention.valueOf(flashAttention.toUpperCase(Locale.ROOT)),
                threads == 0 ? Cpu.defaultThreads() : threads);
    }
}
