package dev.headroom.memory;

import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory in use on all of ggml's GPUs, in bytes: total minus free. Each backend defines free memory differently. So
 * this meter only serves comparisons with llama.cpp's own figures, and never serves {@code vram.peak}.
 *
 * <p>A reading creates the driver context on CUDA. So the meter reads nothing before llama.cpp has loaded a model,
 * which creates that context anyway. It never serves a baseline.
 */
final class GgmlDevice implements Meter {
    private static final Signal SIGNAL =
            new Signal("ggml.device", Metric.GGML_DEVICE_USED, Scope.DEVICE, Semantics.RESIDENT);

    private boolean modelSeen;
    private boolean silent;

    private GgmlDevice() {}

    static List<Meter> open() {
        return List.of(new GgmlDevice());
    }

    @Override
    public OptionalLong read() {
        Optional<LlamaLibrary> library = LlamaLibrary.loaded();
        if (silent || library.isEmpty()) {
            return OptionalLong.empty();
        }
        modelSeen = modelSeen
                || library.get().log().lines().stream().anyMatch(line -> line.contains(" model buffer size "));
        if (!modelSeen) {
            return OptionalLong.empty();
        }
        OptionalLong used = used(library.get().devices());
        silent = used.isEmpty();
        return used;
    }

    /** The sum over all GPUs that report their memory. A GPU that reports no memory in use does not count. */
    static OptionalLong used(List<LlamaDevice> devices) {
        return devices.stream()
                .filter(device -> device.type() == LlamaDevice.Type.GPU || device.type() == LlamaDevice.Type.IGPU)
                .filter(device -> device.totalBytes() != null && device.freeBytes() != null)
                .mapToLong(device -> device.totalBytes() - device.freeBytes())
                .filter(used -> used > 0)
                .reduce(Long::sum);
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
