package dev.headroom.bench;

import dev.headroom.environment.Cpu;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The parameters of a context. Most of them change its memory by hundreds of MiB. */
@State(Scope.Thread)
public class ContextChoice {
    /** Tokens of context. Each benchmark says whether the timed work begins or ends with them. */
    @Param("512")
    public int contextLength;

    /** Type of the KV cache: f32, f16, bf16, q8_0, … */
    @Param("f16")
    public String kvType;

    /** auto, on or off; with auto llama.cpp decides, and run.json has its decision. */
    @Param("auto")
    public String flashAttention;

    /** Largest number of tokens in one call of llama_decode. */
    @Param("2048")
    public int batch;

    /** Largest number of tokens computed at once. */
    @Param("512")
    public int ubatch;

    /** CPU threads; 0: one for each physical core that the process may use. */
    @Param("0")
    public int threads;

    /** Tokens of a micro-batch whose logits have room in the compute buffers: a number, or batch. */
    @Param("1")
    public String outputs;

    /** Settings of a context for {@code contextLength} tokens and {@code room} more. */
    ContextSettings settings(int room) {
        return new ContextSettings(
                contextLength + room,
                batch,
                ubatch,
                KvType.valueOf(kvType.toUpperCase(Locale.ROOT)),
                FlashAttention.valueOf(flashAttention.toUpperCase(Locale.ROOT)),
                threads == 0 ? Cpu.defaultThreads() : threads,
                ContextSettings.outputs(outputs, batch));
    }
}
