package dev.headroom.llama.binding;

import com.sun.jna.Callback;
import com.sun.jna.Pointer;

/** {@code ggml_log_callback}. Any thread may call it. */
@FunctionalInterface
public interface LogCallback extends Callback {
    void log(int level, Pointer text, Pointer user_data);
}
