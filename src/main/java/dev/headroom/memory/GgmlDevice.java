package dev.headroom.memory;

import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaLibrary;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What ggml says is in use on its GPUs, total minus free, all of them together. Each backend means something else by
 * it: an extra for comparing with llama.cpp's own figures, never {@code vram.peak}.
 *
 * <p>Asking creates the driver's context on CUDA. So nothing is asked before llama.cpp has put a model into memory,
 * which creates it in any case, and never for the baseline.
 */
final class GgmlDevice implements Meter {
    private static final Signal SIGNAL =
            new Signal("ggml.device", "ggml.device.used", Scope.DEVICE, Semantics.RESIDENT);

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

    /** Over the devices that are GPUs and tell; some always say that all is free, which is not telling. */
    static OptionalLong used(List<LlamaDevice> devices) {
        return devices.stream()
                .filter(device -> device.type() == LlamaDevice.Type.GPU || device.type() == LlamaDevice.Type.IGPU)
                .filter(device ->
                        device.totalBytes().isPresent() && device.freeBytes().isPresent())
                .mapToLong(device ->
                        device.totalBytes().getAsLong() - device.freeBytes().getAsLong())
                .filter(used -> used > 0)
                .reduce(Long::sum);
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        // The library belongs to the benchmark.
    }
}
