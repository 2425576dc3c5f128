package dev.headroom.llama;

import dev.headroom.BadInput;

/**
 * The settings of a context. All other settings are those of llama-bench.
 *
 * @param contextLength tokens in the KV cache; llama.cpp rounds up to a multiple of 256
 * @param batch maximum tokens in one call of {@code llama_decode} ({@code n_batch})
 * @param ubatch maximum tokens computed at once ({@code n_ubatch}), at most {@code batch}
 * @param threads CPU threads for prompts and generation, at most {@value #MAX_THREADS}
 * @param outputs tokens of a micro-batch that the compute buffers have room for the logits of ({@code n_outputs_max})
 */
public record ContextSettings(
        int contextLength,
        int batch,
        int ubatch,
        KvType kvType,
        FlashAttention flashAttention,
        int threads,
        int outputs) {
    /** {@code GGML_MAX_N_THREADS} */
    static final int MAX_THREADS = 512;

    public ContextSettings {
        atLeastOne("contextLength", contextLength);
        atLeastOne("batch", batch);
        atLeastOne("ubatch", ubatch);
        atLeastOne("threads", threads);
        atLeastOne("outputs", outputs);
        if (threads > MAX_THREADS) {
            throw new BadInput("threads is " + threads + ": give at most " + MAX_THREADS + ".");
        }
        if (ubatch > batch) {
            throw new BadInput("ubatch " + ubatch + " is larger than batch " + batch + ": give a ubatch of at most "
                    + batch + ".");
        }
    }

    /**
     * The value of the parameter {@code outputs} as a number.
     *
     * @param text a number, or {@code batch} for all tokens of a batch
     */
    public static int outputs(String text, int batch) {
        return text.equals("batch") ? batch : Integer.parseInt(text);
    }

    /** The same settings with another type of the KV cache. */
    public ContextSettings with(KvType type) {
        return new ContextSettings(contextLength, batch, ubatch, type, flashAttention, threads, outputs);
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new BadInput(name + " is " + value + ": give 1 or more.");
        }
    }
}
