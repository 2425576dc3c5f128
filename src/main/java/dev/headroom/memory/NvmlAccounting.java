package dev.headroom.memory;

import com.sun.jna.Memory;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The most memory of an NVIDIA card that this process has ever held, in bytes. An administrator must have enabled
 * accounting in the driver with {@code nvidia-smi --accounting-mode=1}. The value is exact. It cannot be reset, so it
 * never falls from one iteration to the next.
 */
final class NvmlAccounting extends NvmlGauge implements Meter {
    private static final Signal SIGNAL =
            new Signal("nvml.accounting", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    /** Size of {@code nvmlAccountingStats_t}, then the offsets of {@code maxMemoryUsage} and {@code isRunning}. */
    private static final int STATS = 56;

    private static final int MAX_MEMORY_USAGE = 8;
    private static final int IS_RUNNING = 32;

    private final long total;
    private final int pid;
    private final Memory stats = new Memory(STATS);

    private NvmlAccounting(Nvml.Card card, long total, int pid) {
        super(card);
        this.total = total;
        this.pid = pid;
    }

    static List<Meter> open(Nvml nvml) throws MeterUnavailable {
        int pid = (int) ProcessHandle.current().pid();
        List<Meter> meters = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            OptionalLong total = card.total();
            if (total.isPresent() && card.accounting()) {
                NvmlAccounting meter = new NvmlAccounting(card, total.getAsLong(), pid);
                if (meter.read().isPresent() && LlamaLibrary.loaded().isEmpty()) {
                    throw nvml.foreignProcess(pid);
                }
                meters.add(meter);
            }
        }
        if (meters.isEmpty()) {
            throw nvml.unavailable(
                    "accounting is off in the NVIDIA driver: enable it with nvidia-smi --accounting-mode=1");
        }
        return meters;
    }

    /** Empty also if the driver only remembers an ended process with the same id. */
    @Override
    public OptionalLong read() {
        boolean known = device.nvml().succeeds("nvmlDeviceGetAccountingStats", device.handle(), pid, stats);
        return known && stats.getInt(IS_RUNNING) != 0 && stats.getLong(MAX_MEMORY_USAGE) != 0
                ? Nvml.value(stats.getLong(MAX_MEMORY_USAGE), total)
                : OptionalLong.empty();
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
