package dev.headroom.llama.binding;

import com.sun.jna.Pointer;

/** Functions and constants of {@code ggml.h} and {@code ggml-backend.h} in libggml-base. */
public final class GgmlBase {
    /** {@code GGML_LOG_LEVEL_*} */
    public static final int LOG_LEVEL_DEBUG = 1;

    public static final int LOG_LEVEL_ERROR = 4;
    public static final int LOG_LEVEL_CONT = 5;

    /** {@code GGML_BACKEND_DEVICE_TYPE_CPU} */
    public static final int DEVICE_TYPE_CPU = 0;

    private GgmlBase() {}

    public static native void ggml_log_set(LogCallback log_callback, Pointer user_data);

    public static native String ggml_backend_dev_name(Pointer device);

    public static native String ggml_backend_dev_description(Pointer device);

    public static native void ggml_backend_dev_memory(Pointer device, long[] free, long[] total);

    public static native int ggml_backend_dev_type(Pointer device);

    public static native Pointer ggml_backend_dev_backend_reg(Pointer device);

    public static native Pointer ggml_backend_dev_buffer_type(Pointer device);

    public static native long ggml_backend_buft_get_max_size(Pointer buft);

    /** Returns NULL if there is not enough memory. */
    public static native Pointer ggml_backend_buft_alloc_buffer(Pointer buft, long size);

    public static native void ggml_backend_buffer_clear(Pointer buffer, byte value);

    public static native void ggml_backend_buffer_free(Pointer buffer);

    public static native Pointer ggml_backend_reg_get_proc_address(Pointer reg, String name);

    /** {@code p} is a {@code struct ggml_threadpool_params}. */
    public static native void ggml_threadpool_params_init(Pointer p, int n_threads);
}
