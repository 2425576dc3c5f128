package dev.headroom.llama.binding;

import com.sun.jna.Pointer;

/**
 * Functions of {@code llama.h} in all supported versions. {@code bool} is {@code byte}, {@code size_t} is {@code long}.
 */
public final class Llama {
    private Llama() {}

    public static native Params llama_model_default_params();

    public static native Params llama_context_default_params();

    public static native void llama_log_set(LogCallback log_callback, Pointer user_data);

    public static native void llama_backend_init();

    public static native String llama_print_system_info();

    public static native long llama_max_devices();

    /** {@code path_model} is UTF-8 with a terminating NUL. */
    public static native Pointer llama_model_load_from_file(byte[] path_model, Params params);

    public static native void llama_model_free(Pointer model);

    public static native Pointer llama_model_get_vocab(Pointer model);

    public static native int llama_model_n_ctx_train(Pointer model);

    public static native int llama_model_n_swa(Pointer model);

    public static native int llama_model_desc(Pointer model, byte[] buf, long buf_size);

    public static native int llama_model_meta_val_str(Pointer model, byte[] key, byte[] buf, long buf_size);

    public static native long llama_model_n_params(Pointer model);

    public static native long llama_model_size(Pointer model);

    public static native byte llama_model_is_recurrent(Pointer model);

    public static native int llama_vocab_n_tokens(Pointer vocab);

    public static native int llama_vocab_bos(Pointer vocab);

    public static native Pointer llama_init_from_model(Pointer model, Params params);

    public static native void llama_free(Pointer ctx);

    public static native int llama_n_batch(Pointer ctx);

    public static native int llama_n_ctx(Pointer ctx);

    public static native void llama_attach_threadpool(Pointer ctx, Pointer threadpool, Pointer threadpool_batch);

    public static native int llama_decode(Pointer ctx, LlamaBatch batch);

    /**
     * The same function with the batch as seven words, only for the System V ABI on x86-64. That ABI passes a struct of
     * 56 bytes on the stack, behind six registers. The context is in the first register.
     */
    public static native int llama_decode(
            long ctx,
            long register2,
            long register3,
            long register4,
            long register5,
            long register6,
            long n_tokens,
            long token,
            long embd,
            long pos,
            long n_seq_id,
            long seq_id,
            long logits);

    /** {@code ctx} is an address: with a {@code Pointer}, JNA would call back into Java to get it, once per token. */
    public static native void llama_synchronize(long ctx);

    public static native Pointer llama_get_logits_ith(Pointer ctx, int i);

    public static native Pointer llama_get_memory(Pointer ctx);

    public static native void llama_memory_clear(Pointer mem, byte data);

    public static native byte llama_memory_seq_rm(Pointer mem, int seq_id, int p0, int p1);

    public static native int llama_memory_seq_pos_min(Pointer mem, int seq_id);

    public static native long llama_state_seq_get_size(Pointer ctx, int seq_id);

    public static native long llama_state_seq_get_data(Pointer ctx, Pointer dst, long size, int seq_id);

    public static native long llama_state_seq_set_data(Pointer ctx, Pointer src, long size, int dest_seq_id);
}
