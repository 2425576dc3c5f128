package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The opened meters of this machine. Opening them uses system libraries and kernel files. It never uses llama.cpp or a
 * GPU's compute driver.
 *
 * @param working meters that work here, in order of preference
 * @param unavailable meters that do not work here
 */
public record Meters(List<Meter> working, List<Unavailable> unavailable) implements AutoCloseable {
    /** All meters. Of those that work, the first one serves its metric. */
    private static final List<Source> ALL = List.of(
            new Source("nvml.device", () -> NvmlDevice.open(Nvml.open(), NvmlDevice.Reading.USED)),
            new Source("nvml.reserved", () -> NvmlDevice.open(Nvml.open(), NvmlDevice.Reading.RESERVED)),
            new Source("pdh", PdhGpu::open), // before nvml.process, which has no value if Windows manages the card
            new Source("nvml.accounting", () -> NvmlAccounting.open(Nvml.open())),
            new Source("nvml.process", () -> NvmlProcess.open(Nvml.open())),
            new Source("amd.vram", () -> AmdDevice.open(AmdDevice.Reading.VRAM)),
            new Source("amd.gtt", () -> AmdDevice.open(AmdDevice.Reading.GTT)),
            new Source("drm.shared", () -> DrmProcess.open(DrmProcess.Reading.SYSTEM)),
            new Source("drm.process", () -> DrmProcess.open(DrmProcess.Reading.CARD)),
            new Source("kfd.process", KfdProcess::open),
            new Source("metal.process", MetalProcess::open),
            new Source("linux.hwm", LinuxPeakResident::open),
            new Source("linux.rss", () -> LinuxMemory.open(LinuxMemory.Reading.RSS)),
            new Source("windows.workingset", WindowsWorkingSet::open),
            new Source("macos.resident", MacResident::open),
            new Source("linux.anon", () -> LinuxMemory.open(LinuxMemory.Reading.ANON)),
            new Source("linux.file", () -> LinuxMemory.open(LinuxMemory.Reading.FILE)),
            new Source("linux.swap", () -> LinuxMemory.open(LinuxMemory.Reading.SWAP)),
            new Source("macos.footprint", MacFootprint::open),
            new Source("cgroup.peak", CgroupPeak::open),
            new Source("cgroup.usage", CgroupUsage::open),
            new Source("ggml.device", GgmlDevice::open));

    public Meters {
        working = List.copyOf(working);
        unavailable = List.copyOf(unavailable);
    }

    /** A meter's name, and how to open it. */
    record Source(String name, Opener opener) {}

    /** Opens a meter. If it measures cards, there is one instance for each card. */
    interface Opener {
        List<? extends Meter> open() throws MeterUnavailable;
    }

    /**
     * A meter that does not work here.
     *
     * @param reason message of {@link MeterUnavailable}
     */
    public record Unavailable(String name, String reason) {
        @Override
        public String toString() {
            return name + ": " + reason;
        }
    }

    /** Opens all meters. */
    public static Meters open() {
        return open(ALL);
    }

    static Meters open(List<Source> sources) {
        List<Meter> working = new ArrayList<>();
        List<Unavailable> unavailable = new ArrayList<>();
        for (Source source : sources) {
            try {
                working.addAll(source.opener().open());
            } catch (MeterUnavailable e) {
                unavailable.add(new Unavailable(source.name(), String.valueOf(e.getMessage())));
            } catch (LinkageError e) {
                unavailable.add(new Unavailable(source.name(), "native access does not work here: " + e.getMessage()));
            }
        }
        return new Meters(working, unavailable);
    }

    /** For each metric and each card, the first meter that serves it. A meter of no single card serves all cards. */
    public List<Meter> serving() {
        List<Meter> serving = new ArrayList<>();
        for (Meter meter : working) {
            if (serving.stream().noneMatch(first -> rivals(first, meter))) {
                serving.add(meter);
            }
        }
        return List.copyOf(serving);
    }

    private static boolean rivals(Meter first, Meter second) {
        return first.metric() == second.metric()
                && (first.card().isEmpty()
                        || second.card().isEmpty()
                        || first.card().equals(second.card()));
    }

    /**
     * The first of some meters that serves a metric for a card.
     *
     * @param card PCI id; null if unknown: then the card of the first meter that has one
     */
    public static Optional<Meter> of(List<Meter> meters, Metric metric, @Nullable String card) {
        List<Meter> serving =
                meters.stream().filter(meter -> meter.metric() == metric).toList();
        return Cards.on(card, serving).stream().findFirst();
    }

    @Override
    public void close() {
        working.forEach(Meter::close);
    }
}
