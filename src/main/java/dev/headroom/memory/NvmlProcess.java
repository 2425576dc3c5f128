package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Memory of an NVIDIA card that this process holds, in bytes, from NVML's lists of compute and graphics processes. A
 * process may be in both lists with the same size: the larger entry counts, not the sum.
 *
 * <p>The value is empty where the driver has none. Windows (WDDM) and WSL2 list the process without a size. In
 * containers, the lists may have the host's process ids, or a size of 0.
 */
final class NvmlProcess extends NvmlGauge implements Meter {
    private static final Signal SIGNAL =
            new Signal("nvml.process", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    private static final int MAX_PROCESSES = 256;

    /** Size of {@code nvmlProcessInfo_t}: pid, padding, bytes. The later versions add two 32-bit fields. */
    private static final int INFO_V1 = 16;

    private static final int INFO = 24;
    private static final int USED = 8;

    private record Listing(Function function, int stride) {}

    private final long total;
    private final int pid;
    private final List<Listing> listings;
    private final Memory infos = new Memory((long) MAX_PROCESSES * INFO);
    private boolean seen;

    private NvmlProcess(Nvml.Card card, long total, int pid) {
        super(card);
        this.total = total;
        this.pid = pid;
        listings = Stream.of("Compute", "Graphics")
                .flatMap(kind -> listing(card.nvml(), "nvmlDeviceGet" + kind + "RunningProcesses").stream())
                .filter(listing -> count(listing, card, infos).isPresent()) // a MIG part has no graphics processes
                .toList();
    }

    static List<Meter> open(Nvml nvml) throws MeterUnavailable {
        return open(nvml, (int) ProcessHandle.current().pid());
    }

    static List<Meter> open(Nvml nvml, int pid) throws MeterUnavailable {
        List<Meter> meters = new ArrayList<>();
        for (Nvml.Card card : nvml.cards()) {
            OptionalLong total = card.total();
            if (total.isPresent()) {
                NvmlProcess meter = new NvmlProcess(card, total.getAsLong(), pid);
                if (meter.read().isPresent() && LlamaLibrary.loaded().isEmpty()) {
                    throw nvml.foreignProcess(pid);
                }
                if (!meter.listings.isEmpty()) {
                    meters.add(meter);
                }
            }
        }
        if (meters.isEmpty()) {
            throw nvml.unavailable("the NVIDIA driver lists no processes");
        }
        return meters;
    }

    /** Number of compute processes on the card that has most of them. Empty if the driver does not list them. */
    static OptionalInt computeProcesses(Nvml nvml) throws MeterUnavailable {
        Optional<Listing> listing = listing(nvml, "nvmlDeviceGetComputeRunningProcesses");
        OptionalInt most = OptionalInt.empty();
        if (listing.isPresent()) {
            try (Memory infos = new Memory((long) MAX_PROCESSES * INFO)) {
                for (Nvml.Card card : nvml.cards()) {
                    OptionalInt count = count(listing.get(), card, infos);
                    most = count.orElse(-1) > most.orElse(-1) ? count : most;
                }
            }
        }
        return most;
    }

    private static Optional<Listing> listing(Nvml nvml, String name) {
        return nvml.function(name + "_v3")
                .or(() -> nvml.function(name + "_v2"))
                .map(function -> new Listing(function, INFO))
                .or(() -> nvml.function(name).map(function -> new Listing(function, INFO_V1)));
    }

    /** Fills {@code infos} and returns the number of processes. Empty if the driver does not list them. */
    private static OptionalInt count(Listing listing, Nvml.Card card, Memory infos) {
        int[] count = {MAX_PROCESSES};
        Object[] arguments = {card.handle(), count, infos};
        return listing.function.invokeInt(arguments) == Nvml.SUCCESS
                ? OptionalInt.of(Math.min(count[0], MAX_PROCESSES))
                : OptionalInt.empty();
    }

    @Override
    public OptionalLong read() {
        OptionalLong used = OptionalLong.empty();
        boolean listed = false;
        for (Listing listing : listings) {
            OptionalInt count = count(listing, device, infos);
            if (count.isEmpty()) {
                return OptionalLong.empty();
            }
            for (int i = 0; i < count.getAsInt(); i++) {
                long info = (long) i * listing.stride;
                if (infos.getInt(info) == pid) {
                    listed = true;
                    long bytes = infos.getLong(info + USED);
                    OptionalLong value = bytes == 0 ? OptionalLong.empty() : Nvml.value(bytes, total);
                    if (value.isPresent() && value.getAsLong() > used.orElse(0)) {
                        used = value;
                    }
                }
            }
        }
        seen = seen || used.isPresent();
        // A process that was listed before, and no longer is, holds nothing.
        return seen && !listed ? OptionalLong.of(0) : used;
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
