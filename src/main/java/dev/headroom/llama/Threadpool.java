package dev.headroom.llama;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.headroom.llama.binding.Ggml;
import dev.headroom.llama.binding.GgmlBase;

/**
 * The CPU backend's threads for one context, with ggml's default parameters (poll 50), as in llama-bench. Without a
 * threadpool, ggml creates and joins threads for every token.
 */
final class Threadpool implements AutoCloseable {
    /** Larger than {@code struct ggml_threadpool_params} in any version. The struct is passed by pointer. */
    static final int PARAMS_SIZE = 1024;

    private final Pointer registry;
    private final Pointer handle;

    Threadpool(int threads) {
        registry = GgmlBase.ggml_backend_dev_backend_reg(Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU));
        try (Memory params = new Memory(PARAMS_SIZE)) {
            params.clear();
            GgmlBase.ggml_threadpool_params_init(params, threads);
            handle = function("ggml_threadpool_new").invokePointer(new Object[] {params});
        }
        if (handle == null) {
            throw new LlamaException("llama.cpp could not start " + threads + " threads.");
        }
    }

    /** The CPU backend is a separate library. Its functions are found through the registry. */
    private Function function(String name) {
        Pointer address = GgmlBase.ggml_backend_reg_get_proc_address(registry, name);
        if (address == null) {
            throw new LlamaException("The CPU backend of this llama.cpp has no " + name + ".");
        }
        return Function.getFunction(address);
    }

    Pointer handle() {
        return handle;
    }

    @Override
    public void close() {
        function("ggml_threadpool_free").invokeVoid(new Object[] {handle});
    }
}
