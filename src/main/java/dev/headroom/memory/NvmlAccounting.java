package dev.headroom.memory;

import com.sun.jna.Memory;
import dev.headroom.llama.LlamaLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The most memory of an NVIDIA card that this process ever held, as the driver accounts for it where an administrator
 * has enabled that ({@code nvidia-smi --accounting-mode=1}). It is exact, and it is the peak of the process's life:
 * there is no way to begin anew, so it never falls from one iteration to the next.
 */
final class NvmlAccounting implements Meter {
    private static final Signal SIGNAL =
            new Signal("nvml.accounting", "vram.process.peak", Scope.PROCESS, Semantics.RESIDENT);

    /** {@code nvmlAccountingStats_t}, and in it {@code maxMemoryUsage} and {@code isRunning}. */
    private static final int STATS = 56;

    private static final int MOST = 8;
    private static final int RUNNING = 32;

    private final Nvml.Card card;
    private final long total;
    private final int pid;
    private final Optional<String> pciId;
    private final Memory stats = new Memory(STATS);

    private NvmlAccounting(Nvml.Card card, long total, int pid) {
        this.card = card;
        this.total = total;
        this.pid = pid;
        pciId = card.pciId();
    }

    static List<Meter> open(Nvml nvml) throws MeterUnavailable {
        int pid = (int) ProcessHandle.current().pid();
        List<Meter> meters = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            OptionalLong total = card.total();
            if (total.isPresent() && card.accounting()) {
                NvmlAccounting meter = new NvmlAccounting(card, total.getAsLong(), pid);
                if (meter.read().isPresent() && LlamaLibrary.loaded().isEmpty()) {
                    throw nvml.stranger(pid);
                }
                meters.add(meter);
            }
        }
        if (meters.isEmpty()) {
            throw nvml.refusal("accounting is not enabled in the NVIDIA driver");
        }
        return meters;
    }

    /** Empty also for a process of the same number that has ended, which accounting remembers. */
    @Override
    public OptionalLong read() {
        boolean told = card.nvml()
                .call("nvmlDeviceGetAccountingStats", card.handle(), pid, stats)
                .equals(OptionalInt.of(Nvml.SUCCESS));
        if (!told || stats.getInt(RUNNING) == 0 || stats.getLong(MOST) == 0) {
            return OptionalLong.empty();
        }
        return Nvml.value(stats.getLong(MOST), total);
    }

    @Override
    public Optional<String> card() {
        return pciId;
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        card.nvml().close();
    }
}
