package dev.headroom.llama;

import com.sun.jna.Pointer;
import dev.headroom.llama.binding.GgmlBase;
import org.jspecify.annotations.Nullable;

/** A buffer in a device's memory. It owns the native buffer. */
public final class DeviceBuffer implements AutoCloseable {
    private @Nullable Pointer handle;

    DeviceBuffer(Pointer handle) {
        this.handle = handle;
    }

    /** Sets every byte of the buffer and waits until the device has finished. */
    public void fill(byte value) {
        Pointer open = handle;
        if (open == null) {
            throw new IllegalStateException("This buffer is closed.");
        }
        GgmlBase.ggml_backend_buffer_clear(open, value);
    }

    @Override
    public void close() {
        Pointer open = handle;
        if (open != null) {
            handle = null;
            GgmlBase.ggml_backend_buffer_free(open);
        }
    }
}
