package dev.headroom.llama.binding;

import com.sun.jna.Pointer;

/** Functions of {@code ggml-backend.h} in libggml: the registry of backends. */
public final class Ggml {
    private Ggml() {}

    public static native void ggml_backend_load_all();

    /** {@code dir_path} is UTF-8 with a terminating NUL. */
    public static native void ggml_backend_load_all_from_path(byte[] dir_path);

    public static native long ggml_backend_dev_count();

    public static native Pointer ggml_backend_dev_get(long index);

    public static native Pointer ggml_backend_dev_by_type(int type);
}
