package dev.headroom.llama;

import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Facts about the model loaded last and the context created last, from llama.cpp's log. Facts that were not logged are
 * null.
 *
 * @param buffers the allocated buffers, in order; llama.cpp rounds their sizes to 0.01 MiB
 * @param devicesUsed ggml's names of the devices that hold the model, in order; empty if only the CPU does
 * @param flashAttention whether the context uses flash attention, after {@code auto} was resolved
 * @param offloadedLayers the model's layers on devices, including the output layer
 * @param totalLayers all layers of the model, including the output layer
 * @param failedAllocation the last allocation that failed
 */
public record LlamaFacts(
        List<Buffer> buffers,
        List<String> devicesUsed,
        @Nullable Boolean flashAttention,
        @Nullable Integer offloadedLayers,
        @Nullable Integer totalLayers,
        @Nullable FailedAllocation failedAllocation) {
    public LlamaFacts {
        buffers = List.copyOf(buffers);
        devicesUsed = List.copyOf(devicesUsed);
    }

    /** The purpose of a buffer. */
    public enum Kind {
        /** Weights. */
        MODEL,
        /** Keys and values of attention layers. */
        KV,
        /** State of recurrent layers. */
        RECURRENT,
        /** Activations during the computation of a graph. */
        COMPUTE,
        /** Logits on the host. */
        OUTPUT
    }

    /**
     * A buffer.
     *
     * @param device name of ggml's buffer type: {@code CPU}, {@code CPU_Mapped}, {@code Vulkan0}, …
     * @param mebibytes size in MiB
     */
    public record Buffer(Kind kind, String device, double mebibytes) {}

    /**
     * An allocation that failed.
     *
     * @param device name of ggml's buffer type
     * @param mebibytes requested size in MiB
     */
    public record FailedAllocation(@Nullable String device, @Nullable Double mebibytes) {}

    /** The total size of the buffers of a kind on all devices, in MiB; empty if there is none. */
    public OptionalDouble mebibytes(Kind kind) {
        return buffers.stream()
                .filter(b -> b.kind() == kind)
                .mapToDouble(Buffer::mebibytes)
                .reduce(Double::sum);
    }
}
