package dev.headroom.llama;

import dev.headroom.BadInput;

/**
 * What a context is made of. Everything else is as llama-bench has it.
 *
 * @param contextLength tokens the KV cache holds; llama.cpp rounds up to a multiple of 256
 * @param batch most tokens handed to one {@code llama_decode} ({@code n_batch})
 * @param ubatch most tokens computed at once ({@code n_ubatch}), at most {@code batch}
 * @param threads CPU threads for prompts and for generation, at most {@value #MAX_THREADS}
 */
public record ContextSettings(
        int contextLength, int batch, int ubatch, KvType kvType, FlashAttention flashAttention, int threads) {
    /** {@code GGML_MAX_N_THREADS} */
    static final int MAX_THREADS = 512;

    public ContextSettings {
        atLeastOne("contextLength", contextLength);
        atLeastOne("batch", batch);
        atLeastOne("ubatch", ubatch);
        atLeastOne("threads", threads);
        if (threads > MAX_THREADS) {
            throw new BadInput("threads is " + threads + ": llama.cpp takes at most " + MAX_THREADS + ".");
        }
        if (ubatch > batch) {
            throw new BadInput("ubatch is " + ubatch + " but batch is " + batch
                    + ": a micro-batch is a part of a batch, so give a ubatch of at most " + batch + ".");
        }
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new BadInput(name + " is " + value + ": it has to be 1 or more.");
        }
    }
}
