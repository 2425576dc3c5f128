package dev.headroom.llama;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What llama.cpp's log tells about loaded models and contexts.
 *
 * @param buffers every buffer it said it allocated, in order; sizes are rounded by llama.cpp to 0.01 MiB
 * @param devicesUsed ggml's names of the devices that hold the model, in order; empty: the CPU alone
 * @param flashAttention whether the last context uses flash attention, as resolved
 * @param offloadedLayers layers of the last model on devices, the output layer among them
 * @param totalLayers layers of the last model, the output layer among them
 * @param failedAllocation the last allocation that failed
 */
public record LlamaFacts(
        List<Buffer> buffers,
        List<String> devicesUsed,
        Optional<Boolean> flashAttention,
        OptionalInt offloadedLayers,
        OptionalInt totalLayers,
        Optional<FailedAllocation> failedAllocation) {
    public LlamaFacts {
        buffers = List.copyOf(buffers);
        devicesUsed = List.copyOf(devicesUsed);
    }

    /** What a buffer is for. */
    public enum Kind {
        /** Weights. */
        MODEL,
        /** Keys and values of attention layers. */
        KV,
        /** State of recurrent layers. */
        RECURRENT,
        /** Activations while a graph is computed. */
        COMPUTE,
        /** Logits on the host. */
        OUTPUT
    }

    /**
     * One buffer.
     *
     * @param device the name of ggml's buffer type: {@code CPU}, {@code CPU_Mapped}, {@code Vulkan0}, …
     */
    public record Buffer(Kind kind, String device, double mebibytes) {}

    /**
     * An allocation that failed.
     *
     * @param device ggml's name of the buffer type, where llama.cpp says it
     * @param mebibytes what was asked for, where llama.cpp says it
     */
    public record FailedAllocation(Optional<String> device, OptionalDouble mebibytes) {}

    /** The sum of all buffers of a kind in MiB, over every device; absent where there is none. */
    public OptionalDouble mebibytes(Kind kind) {
        return buffers.stream()
                .filter(b -> b.kind() == kind)
                .mapToDouble(Buffer::mebibytes)
                .reduce(Double::sum);
    }
}
