package dev.headroom.llama;

import com.sun.jna.Pointer;
import dev.headroom.llama.binding.GgmlBase;
import org.jspecify.annotations.Nullable;

/** Memory of a device, of a known size; its one owner. */
public final class DeviceBuffer implements AutoCloseable {
    private @Nullable Pointer handle;

    DeviceBuffer(Pointer handle) {
        this.handle = handle;
    }

    /** Writes every byte and waits until that is done. */
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
