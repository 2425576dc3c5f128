package dev.headroom.result;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What llama.cpp's log reports: for example what a setting of {@code auto} became.
 *
 * @param flashAttention whether flash attention was used
 * @param offloadedLayers layers on a GPU
 * @param totalLayers layers of the model, the output layer included
 * @param devices devices that hold a part of the model, by llama.cpp's names
 * @param buffers all buffers
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
     * @param device device or host memory that holds it, by llama.cpp's name
     * @param mib size in MiB
     */
    public record BufferSize(String kind, String device, double mib) {}
}
