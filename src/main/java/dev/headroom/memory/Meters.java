package dev.headroom.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The meters of this machine, opened. Opening touches NVIDIA's management library and files of the kernel, never
 * llama.cpp or a GPU's compute driver.
 *
 * @param working those that work here, in order of preference
 * @param unavailable those that do not, with the reason
 */
public record Meters(List<Meter> working, List<Unavailable> unavailable) implements AutoCloseable {
    /** The list of meters: the first that works serves its metric. */
    private static final List<Source> ALL = List.of(
            new Source("nvml.device", () -> NvmlDevice.openUsed(Nvml.open())),
            new Source("nvml.reserved", () -> NvmlDevice.openReserved(Nvml.open())),
            new Source("pdh", PdhGpu::open), // before nvml.process, which has no value where Windows manages the card
            new Source("nvml.accounting", () -> NvmlAccounting.open(Nvml.open())),
            new Source("nvml.process", () -> NvmlProcess.open(Nvml.open())),
            new Source("amd.vram", () -> AmdDevice.open(AmdDevice.Reading.VRAM)),
            new Source("amd.gtt", () -> AmdDevice.open(AmdDevice.Reading.GTT)),
            new Source("drm.shared", () -> DrmProcess.open(DrmProcess.Reading.SYSTEM)),
            new Source("drm.process", () -> DrmProcess.open(DrmProcess.Reading.CARD)),
            new Source("kfd.process", KfdProcess::open),
            new Source("metal.process", MetalProcess::open),
            new Source("linux.hwm", LinuxHighWater::open),
            new Source("linux.rss", () -> LinuxResident.open(LinuxResident.Reading.RSS)),
            new Source("windows.workingset", WindowsWorkingSet::open),
            new Source("macos.resident", MacResident::open),
            new Source("linux.anon", () -> LinuxResident.open(LinuxResident.Reading.ANON)),
            new Source("linux.file", () -> LinuxResident.open(LinuxResident.Reading.FILE)),
            new Source("linux.swap", () -> LinuxResident.open(LinuxResident.Reading.SWAP)),
            new Source("macos.footprint", MacFootprint::open),
            new Source("cgroup.peak", CgroupPeak::open),
            new Source("cgroup.usage", CgroupUsage::open),
            new Source("ggml.device", GgmlDevice::open));

    public Meters {
        working = List.copyOf(working);
        unavailable = List.copyOf(unavailable);
    }

    /** Where a meter comes from. */
    record Source(String name, Opener opener) {}

    /** Opens a meter, one for each card where it is about cards. */
    interface Opener {
        List<? extends Meter> open() throws MeterUnavailable;
    }

    /**
     * A meter that does not work here.
     *
     * @param reason in words that can follow a colon
     */
    public record Unavailable(String name, String reason) {
        @Override
        public String toString() {
            return name + ": " + reason;
        }
    }

    /** Opens every meter there is. */
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

    /** For each metric, and each card, the first meter that serves it; one that is not about a card serves them all. */
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
        return first.metric().equals(second.metric())
                && (first.card().isEmpty()
                        || second.card().isEmpty()
                        || first.card().equals(second.card()));
    }

    /** The first of some meters that serves a metric for a card, or for the first one if it is not known which. */
    public static Optional<Meter> of(List<Meter> meters, String metric, Optional<String> card) {
        List<Meter> serving =
                meters.stream().filter(meter -> meter.metric().equals(metric)).toList();
        return Cards.on(card, serving).stream().findFirst();
    }

    @Override
    public void close() {
        working.forEach(Meter::close);
    }
}
