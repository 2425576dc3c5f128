package dev.headroom.llama;

import java.util.OptionalLong;

/**
 * A device as ggml sees it. Memory is what the backend says; backends mean different things by it, so compare it only
 * with itself.
 *
 * @param name ggml's name, {@code CUDA0}, {@code Vulkan0}, {@code CPU}
 * @param totalBytes memory of the device; absent where the backend does not tell
 * @param freeBytes memory not in use when asked; absent where the backend does not tell
 */
public record LlamaDevice(String name, String description, Type type, OptionalLong totalBytes, OptionalLong freeBytes) {
    public enum Type {
        CPU,
        /** A card with memory of its own. */
        GPU,
        /** A GPU that shares the host's memory; releases before October 2025 call it {@link #GPU}. */
        IGPU,
        /** A helper of the CPU, such as BLAS or AMX. */
        ACCEL
    }
}
