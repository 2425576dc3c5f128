package dev.headroom.llama;

import com.sun.jna.Pointer;
import dev.headroom.BadInput;
import dev.headroom.llama.binding.Llama;
import dev.headroom.llama.binding.Params;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A loaded model. Not thread-safe. */
public final class LlamaModel implements AutoCloseable {
    /** More layers than any model has. Releases before b7698 do not accept -1 for all layers. */
    private static final int ALL_LAYERS = 999;

    private final LlamaLibrary library;
    private final List<LlamaContext> contexts = new ArrayList<>();
    private @Nullable Pointer handle;

    private LlamaModel(LlamaLibrary library, Pointer handle) {
        this.library = library;
        this.handle = handle;
    }

    /**
     * Loads a GGUF file like llama-bench: all settings except {@code gpuLayers} are the library's defaults.
     *
     * @param gpuLayers number of layers on devices, counted from the last; -1 for all
     * @throws BadInput if the file does not exist or is not readable
     * @throws LlamaException if llama.cpp cannot load it
     * @throws LlamaOutOfMemory if an allocation failed
     */
    public static LlamaModel load(LlamaLibrary library, Path file, int gpuLayers) {
        Params params = params(library, gpuLayers);
        library.log().note(LlamaLog.LOADING + file + ", gpuLayers " + gpuLayers);
        return load(library, file, params);
    }

    static Params params(LlamaLibrary library, int gpuLayers) {
        if (gpuLayers < -1) {
            throw new BadInput("gpuLayers is " + gpuLayers + ": give -1 (all layers), 0 or more.");
        }
        Params params = Llama.llama_model_default_params();
        library.layout().model().setInt(params, "n_gpu_layers", gpuLayers == -1 ? ALL_LAYERS : gpuLayers);
        return params;
    }

    /**
     * Checks whether this llama.cpp supports a model. It reads only metadata and vocabulary.
     *
     * @throws BadInput if the file does not exist or is not readable
     * @throws LlamaException if llama.cpp does not support the model
     */
    public static void check(LlamaLibrary library, Path file) {
        Params params = Llama.llama_model_default_params();
        library.layout().model().setBool(params, "vocab_only", true);
        load(library, file, params).close();
    }

    static LlamaModel load(LlamaLibrary library, Path file, Params params) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new BadInput("The model " + file + " "
                    + (Files.isDirectory(file)
                            ? "is a directory"
                            : Files.exists(file) ? "cannot be read" : "does not exist")
                    + ": give the path of a GGUF file.");
        }
        long mark = library.log().mark();
        Pointer handle = Llama.llama_model_load_from_file(CString.of(file.toString()), params);
        if (handle == null) {
            throw library.log().failure("llama.cpp could not load " + file, mark);
        }
        return new LlamaModel(library, handle);
    }

    /** The number of tokens in the vocabulary. Valid tokens are 0 to this number, exclusive. */
    public int vocabularySize() {
        return Llama.llama_vocab_n_tokens(Llama.llama_model_get_vocab(handle()));
    }

    /** The context length in tokens that the model was trained for. */
    public int trainedContextLength() {
        return Llama.llama_model_n_ctx_train(handle());
    }

    /** Architecture, size and quantization in llama.cpp's words: {@code llama 1B Q4_0}. */
    public String description() {
        byte[] buffer = new byte[256];
        Llama.llama_model_desc(handle(), buffer, buffer.length);
        return CString.read(buffer);
    }

    /** The number of weights. */
    public long parameters() {
        return Llama.llama_model_n_params(handle());
    }

    /** The size of all tensors in bytes. */
    public long bytes() {
        return Llama.llama_model_size(handle());
    }

    /** The first token of a prompt; token 0 if the model has none. */
    public int beginOfSequence() {
        return Math.max(0, Llama.llama_vocab_bos(Llama.llama_model_get_vocab(handle())));
    }

    /**
     * Whether the last tokens of a context can be removed. This is false if layers are recurrent.
     * {@link LlamaContext#restoreState()} works for all models.
     */
    public boolean truncatable() {
        return Llama.llama_model_is_recurrent(handle()) == 0 && !hybrid();
    }

    /** The length of the sliding window in tokens; 0 if no layer has one. */
    int slidingWindow() {
        return Llama.llama_model_n_swa(handle());
    }

    private boolean hybrid() {
        Pointer model = handle();
        return library.function("llama_model_is_hybrid")
                .map(f -> (f.invokeInt(new Object[] {model}) & 0xff) != 0)
                .orElseGet(this::hasRecurrentLayers);
    }

    /**
     * For releases without {@code llama_model_is_hybrid}: hybrid models have the shape of recurrent layers as metadata.
     */
    private boolean hasRecurrentLayers() {
        return metadata("general.architecture")
                .filter(architecture -> List.of("ssm.conv_kernel", "shortconv.l_cache", "wkv.head_size").stream()
                        .anyMatch(key -> metadata(architecture + "." + key).isPresent()))
                .isPresent();
    }

    private Optional<String> metadata(String key) {
        byte[] buffer = new byte[256];
        int length = Llama.llama_model_meta_val_str(handle(), CString.of(key), buffer, buffer.length);
        return length < 0 ? Optional.empty() : Optional.of(CString.read(buffer));
    }

    LlamaLibrary library() {
        return library;
    }

    Pointer handle() {
        Pointer open = handle;
        if (open == null) {
            throw new IllegalStateException("This model is closed.");
        }
        return open;
    }

    void opened(LlamaContext context) {
        contexts.add(context);
    }

    void closed(LlamaContext context) {
        contexts.remove(context);
    }

    /** Frees the model's open contexts, then the model. */
    @Override
    public void close() {
        Pointer open = handle;
        if (open != null) {
            List.copyOf(contexts).forEach(LlamaContext::close);
            handle = null;
            Llama.llama_model_free(open);
        }
    }
}
