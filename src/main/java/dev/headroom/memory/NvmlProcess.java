package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import dev.headroom.llama.LlamaLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Memory of an NVIDIA card that this process holds, from NVML's lists of processes. A process that both computes and
 * draws stands in two lists with the same figure: the larger one counts, not the sum.
 *
 * <p>Windows (WDDM) and WSL2 list the process without a figure; in containers the lists may hold the host's process
 * numbers, or a figure of 0. None of these is a value.
 */
final class NvmlProcess implements Meter {
    private static final Signal SIGNAL =
            new Signal("nvml.process", "vram.process.peak", Scope.PROCESS, Semantics.RESIDENT);

    private static final int PROCESSES = 256;

    /** {@code nvmlProcessInfo_t}: number, padding, bytes; the second and third version add two 32-bit fields. */
    private static final int INFO_V1 = 16;

    private static final int INFO = 24;
    private static final int USED = 8;

    private record Listing(Function function, int stride) {}

    private final Nvml.Card card;
    private final long total;
    private final int pid;
    private final Optional<String> pciId;
    private final List<Listing> listings;
    private final Memory infos = new Memory((long) PROCESSES * INFO);
    private boolean seen;

    private NvmlProcess(Nvml.Card card, long total, int pid) {
        this.card = card;
        this.total = total;
        this.pid = pid;
        pciId = card.pciId();
        listings = Stream.of("Compute", "Graphics")
                .flatMap(kind -> listing(card.nvml(), "nvmlDeviceGet" + kind + "RunningProcesses").stream())
                .filter(listing -> count(listing, card, infos).isPresent()) // parts of a card under MIG do not draw
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
                    throw nvml.stranger(pid);
                }
                if (!meter.listings.isEmpty()) {
                    meters.add(meter);
                }
            }
        }
        if (meters.isEmpty()) {
            throw nvml.refusal("the NVIDIA driver lists no processes");
        }
        return meters;
    }

    /** How many processes compute on the card that has most of them; empty where the driver does not tell. */
    static OptionalInt computing(Nvml nvml) throws MeterUnavailable {
        Optional<Listing> listing = listing(nvml, "nvmlDeviceGetComputeRunningProcesses");
        OptionalInt most = OptionalInt.empty();
        if (listing.isPresent()) {
            try (Memory infos = new Memory((long) PROCESSES * INFO)) {
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

    /** Fills {@code infos} and says how many there are; empty where the driver does not tell. */
    private static OptionalInt count(Listing listing, Nvml.Card card, Memory infos) {
        int[] count = {PROCESSES};
        Object[] arguments = {card.handle(), count, infos};
        return listing.function.invokeInt(arguments) == Nvml.SUCCESS
                ? OptionalInt.of(Math.min(count[0], PROCESSES))
                : OptionalInt.empty();
    }

    @Override
    public OptionalLong read() {
        OptionalLong used = OptionalLong.empty();
        boolean listed = false;
        for (Listing listing : listings) {
            OptionalInt count = count(listing, card, infos);
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
        // Once known by its number, a process that is not listed holds nothing.
        return seen && !listed ? OptionalLong.of(0) : used;
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
