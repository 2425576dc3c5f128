package dev.headroom.llama.binding;

import com.sun.jna.Pointer;

/** Functions of {@code llama.h} that copy a part of a sequence's state. They exist since b6301. */
public final class LlamaStateExt {
    /**
     * {@code LLAMA_STATE_SEQ_FLAGS_SWA_ONLY}; {@code LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY} since v0.4, with the same
     * value.
     */
    public static final int WINDOW_ONLY = 1;

    private LlamaStateExt() {}

    public static native long llama_state_seq_get_size_ext(Pointer ctx, int seq_id, int flags);

    public static native long llama_state_seq_get_data_ext(Pointer ctx, Pointer dst, long size, int seq_id, int flags);

    public static native long llama_state_seq_set_data_ext(
            Pointer ctx, Pointer src, long size, int dest_seq_id, int flags);
}
