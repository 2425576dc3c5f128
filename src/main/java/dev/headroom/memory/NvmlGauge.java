package dev.headroom.memory;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A gauge of one NVIDIA card. It owns an opened NVML, maybe together with other gauges: the first close counts. */
abstract class NvmlGauge implements Gauge {
    final Nvml.Card device;
    private final @Nullable String pciId;

    NvmlGauge(Nvml.Card device) {
        this.device = device;
        pciId = device.pciId().orElse(null);
    }

    @Override
    public final Optional<String> card() {
        return Optional.ofNullable(pciId);
    }

    @Override
    public final void close() {
        device.nvml().close();
    }
}
