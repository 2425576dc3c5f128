package dev.headroom.llama.binding;

import com.sun.jna.Pointer;

/** {@code ggml-backend.h}: the registry of backends, in libggml. */
public final class Ggml {
    private Ggml() {}

    public static native void ggml_backend_load_all();

    /** {@code dir_path} is UTF-8, NUL-terminated. */
    public static native void ggml_backend_load_all_from_path(byte[] dir_path);

    public static native long ggml_backend_dev_count();

    public static native Pointer ggml_backend_dev_get(long index);

    public static native Pointer ggml_backend_dev_by_type(int type);
}
