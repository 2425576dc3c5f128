package dev.headroom.llama;

import org.jspecify.annotations.Nullable;

/**
 * A device of ggml. Backends mean different things by memory, so compare it only for one device.
 *
 * @param name ggml's name: {@code CUDA0}, {@code Vulkan0}, {@code CPU}
 * @param totalBytes memory of the device; null if the backend does not report it
 * @param freeBytes free memory at the time of the call; null if the backend does not report it
 */
public record LlamaDevice(
        String name, String description, Type type, @Nullable Long totalBytes, @Nullable Long freeBytes) {
    public enum Type {
        CPU,
        /** A GPU with its own memory. */
        GPU,
        /** A GPU that shares the host's memory. Releases before October 2025 report it as {@link #GPU}. */
        IGPU,
        /** An accelerator that works with the CPU, such as BLAS or AMX. */
        ACCEL
    }
}
