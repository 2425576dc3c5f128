package dev.headroom.llama;

import com.sun.jna.Memory;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.llama.binding.Llama;
import dev.headroom.llama.binding.LlamaBatch;
import dev.headroom.llama.binding.LlamaStateExt;
import dev.headroom.llama.binding.Params;
import dev.headroom.llama.binding.StructLayout;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A context with one sequence: KV cache, compute buffers and a threadpool, set up as in llama-bench. Not thread-safe.
 *
 * <p>Only the logits of a batch's last token are read here. Compute buffers are reserved for as many logits as the
 * settings say. Releases before b9842 have no such setting and reserve for a whole micro-batch.
 */
public final class LlamaContext implements AutoCloseable {
    private static final int SEQUENCE = 0;
    private static final int TO_THE_END = -1;

    /** Whether the ABI passes a large struct on the stack, behind the arguments in registers. */
    private static final boolean STRUCT_ON_STACK = Platform.isIntel() && Platform.is64Bit() && !Platform.isWindows();

    private record SavedState(int position, boolean windowOnly, @Nullable Memory bytes) {}

    private final LlamaModel model;
    private final LlamaLog log;
    private final Threadpool threadpool;
    private final int batchSize;
    private final int slidingWindow;
    private final boolean truncatable;
    private final Pointer memory;
    private final Batch single;
    private final Batch chunk;
    private @Nullable Pointer handle;
    private @Nullable SavedState saved;
    private int position;

    /** A {@code llama_batch} and its tokens, allocated once and used for every call. */
    private static final class Batch {
        private final Memory memory;
        /** A view of {@link #memory}. Do not use it after {@link #close()}: that would corrupt the heap. */
        private final IntBuffer tokens;

        private final LlamaBatch batch = new LlamaBatch();
        private final long address;

        Batch(int capacity) {
            memory = new Memory((long) capacity * Integer.BYTES);
            tokens = memory.getByteBuffer(0, memory.size())
                    .order(ByteOrder.nativeOrder())
                    .asIntBuffer();
            batch.token = memory;
            address = Pointer.nativeValue(memory);
            resize(capacity);
        }

        void resize(int length) {
            if (batch.n_tokens != length) {
                batch.n_tokens = length;
                batch.write();
            }
        }

        void close() {
            memory.close();
        }
    }

    private LlamaContext(LlamaModel model, Pointer handle, Threadpool threadpool) {
        this.model = model;
        this.log = model.library().log();
        this.handle = handle;
        this.threadpool = threadpool;
        this.batchSize = Llama.llama_n_batch(handle);
        this.slidingWindow = model.slidingWindow();
        this.truncatable = model.truncatable();
        this.memory = Llama.llama_get_memory(handle);
        this.single = new Batch(1);
        this.chunk = new Batch(batchSize);
    }

    /**
     * Creates a context. It may be longer than the model was trained for.
     *
     * @throws LlamaException if llama.cpp cannot create it
     * @throws LlamaOutOfMemory if an allocation failed
     */
    public static LlamaContext create(LlamaModel model, ContextSettings settings) {
        Pointer handle = init(model, settings);
        Threadpool threadpool;
        try {
            threadpool = new Threadpool(settings.threads());
        } catch (LlamaException e) {
            Llama.llama_free(handle);
            throw e;
        }
        Llama.llama_attach_threadpool(handle, threadpool.handle(), Pointer.NULL);
        LlamaContext context = new LlamaContext(model, handle, threadpool);
        model.opened(context);
        return context;
    }

    /** Calls {@code llama_init_from_model}. The caller has to free the context. */
    static Pointer init(LlamaModel model, ContextSettings settings) {
        LlamaLibrary library = model.library();
        StructLayout layout = library.layout().context();
        Params params = Llama.llama_context_default_params();
        layout.setInt(params, "n_ctx", settings.contextLength());
        layout.setInt(params, "n_batch", settings.batch());
        layout.setInt(params, "n_ubatch", settings.ubatch());
        layout.setInt(params, "n_threads", settings.threads());
        layout.setInt(params, "n_threads_batch", settings.threads());
        setFlashAttention(layout, params, settings.flashAttention());
        layout.setInt(params, "type_k", settings.kvType().ggmlType());
        layout.setInt(params, "type_v", settings.kvType().ggmlType());
        layout.setBool(params, "no_perf", true);
        layout.setBool(params, "swa_full", false);
        setOutputs(layout, params, settings);
        library.log().note(LlamaLog.CREATING + settings);
        long mark = library.log().mark();
        Pointer handle = Llama.llama_init_from_model(model.handle(), params);
        if (handle == null) {
            throw library.log()
                    .failure(
                            "llama.cpp could not create a context of " + settings.contextLength() + " tokens with "
                                    + settings.kvType() + " cache and flash attention " + settings.flashAttention(),
                            mark);
        }
        return handle;
    }

    /** Releases before b6431 have no {@code auto}: flash attention is then off, which is their default. */
    private static void setFlashAttention(StructLayout layout, Params params, FlashAttention flashAttention) {
        if (layout.fields().containsKey("flash_attn_type")) {
            layout.setInt(params, "flash_attn_type", flashAttention.flashAttnType());
        } else {
            layout.setBool(params, "flash_attn", flashAttention == FlashAttention.ON);
        }
    }

    /**
     * Releases before b9842 reserve for a whole micro-batch. They accept the default, and what is the same to them.
     *
     * @throws LlamaException if the release cannot do what the settings say
     */
    static void setOutputs(StructLayout layout, Params params, ContextSettings settings) {
        int outputs = settings.outputs();
        if (layout.fields().containsKey("n_outputs_max")) {
            layout.setInt(params, "n_outputs_max", outputs);
        } else if (outputs > 1 && outputs < settings.ubatch()) {
            throw new LlamaException("This release of llama.cpp cannot reserve for " + outputs
                    + " outputs, only for all tokens of a micro-batch: use outputs=batch, or b9842 or later.");
        }
    }

    /**
     * Appends a prompt in chunks of {@code batch} tokens. Does not wait for the device: see {@link #synchronize()}.
     *
     * @throws LlamaException if the context is too small or the computation failed
     */
    public void decode(int[] tokens) {
        handle();
        for (int start = 0; start < tokens.length; start += batchSize) {
            int length = Math.min(batchSize, tokens.length - start);
            chunk.tokens.put(0, tokens, start, length);
            chunk.resize(length);
            decode(chunk, length);
        }
    }

    /**
     * Appends one token. Does not wait for the device: see {@link #synchronize()}.
     *
     * @throws LlamaException if the context is full or the computation failed
     */
    public void decode(int token) {
        handle();
        single.tokens.put(0, token);
        decode(single, 1);
    }

    /**
     * Decodes a batch. If a call has a struct argument, JNA calls back into Java. Between two tokens this takes about
     * ten microseconds, as the model's weights have replaced everything in the CPU caches. With a model of 24 million
     * parameters the difference is measurable. Plain numbers as arguments cost almost nothing.
     */
    private void decode(Batch batch, int length) {
        int result = STRUCT_ON_STACK
                ? Llama.llama_decode(Pointer.nativeValue(handle()), 0, 0, 0, 0, 0, length, batch.address, 0, 0, 0, 0, 0)
                : Llama.llama_decode(handle(), batch.batch);
        if (result != 0) {
            throw failedDecode(length, result);
        }
        Heartbeat.beat();
        position += length;
    }

    /** {@code llama_decode} returns 1 if the KV cache is full, 2 if aborted, and a negative number for an error. */
    private LlamaException failedDecode(int length, int result) {
        if (result == 1) {
            return new LlamaException("The context is full: it has " + position + " of " + Llama.llama_n_ctx(handle())
                    + " tokens, and " + length + " more do not fit.");
        }
        return log.failure(
                "llama.cpp could not decode " + length + " tokens at position " + position + " (llama_decode returned "
                        + result + ")",
                log.mark() - 20);
    }

    /** Waits until all decoded tokens are computed. */
    public void synchronize() {
        Llama.llama_synchronize(Pointer.nativeValue(handle()));
    }

    /** The number of tokens in the context, which is the position of the next token. */
    public int position() {
        return position;
    }

    /**
     * Removes all tokens from position {@code length} on.
     *
     * @throws LlamaException if the model does not support it (see {@link LlamaModel#truncatable()}), or if a sliding
     *     window has already dropped tokens that would be needed
     */
    public void truncate(int length) {
        handle();
        if (length < 0 || length > position) {
            throw new IllegalArgumentException(
                    "The context has " + position + " tokens and cannot be truncated to " + length + ".");
        }
        if (length == position) {
            return;
        }
        if (!canTruncate(length)) {
            throw new LlamaException(
                    "This model's context cannot be truncated from " + position + " to " + length + " tokens.");
        }
        if (Llama.llama_memory_seq_rm(memory, SEQUENCE, length, TO_THE_END) == 0) {
            throw new LlamaException("llama.cpp could not remove the tokens from " + length + " to " + position + ".");
        }
        position = length;
    }

    /** A layer with a sliding window must still have the whole window before {@code length}. */
    private boolean canTruncate(int length) {
        if (length == 0 || (truncatable && slidingWindow == 0)) {
            return true;
        }
        int oldest = Llama.llama_memory_seq_pos_min(memory, SEQUENCE);
        return truncatable && oldest <= Math.max(0, length - slidingWindow);
    }

    /**
     * Saves the current state for {@link #restoreState()} and discards the one saved before. What is copied to host
     * memory depends on the model's layers:
     *
     * <ul>
     *   <li>nothing, if the context can be truncated
     *   <li>the sliding windows, if there are any; releases before b6301 copy the whole state
     *   <li>the whole state, if layers are recurrent
     * </ul>
     */
    public void saveState() {
        Pointer open = handle();
        discardState();
        if (truncatable && slidingWindow == 0) {
            saved = new SavedState(position, false, null);
            return;
        }
        boolean windowOnly = truncatable && model.library().copiesPartsOfState();
        Memory bytes = new Memory(Math.max(
                1,
                windowOnly
                        ? LlamaStateExt.llama_state_seq_get_size_ext(open, SEQUENCE, LlamaStateExt.WINDOW_ONLY)
                        : Llama.llama_state_seq_get_size(open, SEQUENCE)));
        long written = windowOnly
                ? LlamaStateExt.llama_state_seq_get_data_ext(
                        open, bytes, bytes.size(), SEQUENCE, LlamaStateExt.WINDOW_ONLY)
                : Llama.llama_state_seq_get_data(open, bytes, bytes.size(), SEQUENCE);
        if (written == 0) {
            bytes.close();
            throw log.failure("llama.cpp could not copy the state", log.mark() - 20);
        }
        saved = new SavedState(position, windowOnly, bytes);
    }

    /**
     * Restores the state saved by {@link #saveState()}. This may be done repeatedly.
     *
     * @throws IllegalStateException if no state is saved, or if the context has been truncated below it
     */
    public void restoreState() {
        Pointer open = handle();
        SavedState state = saved;
        if (state == null || state.position > position) {
            throw new IllegalStateException("No saved state to restore, or the context was truncated below it.");
        }
        if (state.bytes == null || canTruncate(state.position)) {
            truncate(state.position);
            return;
        }
        long mark = log.mark();
        long read;
        if (state.windowOnly) {
            read = LlamaStateExt.llama_state_seq_set_data_ext(
                    open, state.bytes, state.bytes.size(), SEQUENCE, LlamaStateExt.WINDOW_ONLY);
        } else {
            Llama.llama_memory_clear(memory, (byte) 0);
            read = Llama.llama_state_seq_set_data(open, state.bytes, state.bytes.size(), SEQUENCE);
        }
        if (read == 0) {
            throw log.failure("llama.cpp could not restore the state", mark);
        }
        if (state.windowOnly) {
            Llama.llama_memory_seq_rm(memory, SEQUENCE, state.position, TO_THE_END);
        }
        position = state.position;
    }

    private void discardState() {
        SavedState state = saved;
        saved = null;
        if (state != null && state.bytes != null) {
            state.bytes.close();
        }
    }

    /** The logits of the last decoded token, one per token of the vocabulary. Waits like {@link #synchronize()}. */
    public float[] logits() {
        Pointer logits = Llama.llama_get_logits_ith(handle(), -1);
        if (logits == null) {
            throw new IllegalStateException("No logits: decode a token first.");
        }
        return logits.getFloatArray(0, model.vocabularySize());
    }

    private Pointer handle() {
        Pointer open = handle;
        if (open == null) {
            throw new IllegalStateException("This context is closed.");
        }
        return open;
    }

    /** Frees the context and its threads. */
    @Override
    public void close() {
        Pointer open = handle;
        if (open != null) {
            handle = null;
            model.closed(this);
            discardState();
            Llama.llama_free(open);
            threadpool.close();
            single.close();
            chunk.close();
        }
    }
}
