package dev.headroom.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What llama.cpp said it did, read from its log: settings such as {@code auto} are only known afterwards.
 *
 * @param flashAttention whether flash attention was used
 * @param offloadedLayers layers on a GPU
 * @param totalLayers layers of the model, the output layer included
 * @param devices the devices that hold a part of the model, as llama.cpp names them
 * @param buffers every buffer with its kind (model, kv, recurrent, compute, output), device and size in MiB
 */
public record Observed(
        @Nullable Boolean flashAttention,
        @Nullable Integer offloadedLayers,
        @Nullable Integer totalLayers,
        List<String> devices,
        List<BufferSize> buffers) {

    /**
     * A buffer that llama.cpp allocated.
     *
     * @param kind model, kv, recurrent, compute or output
     * @param device the device or host memory that holds it, as llama.cpp names it
     * @param mib size in MiB
     */
    public record BufferSize(String kind, String device, double mib) {}
}
