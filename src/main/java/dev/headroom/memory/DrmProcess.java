package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory that this process holds of an AMD or Intel card, in bytes: on the card, or in system RAM for the card. Empty
 * until the process has opened the card. Source: {@code /proc/self/fdinfo} of the drivers amdgpu, i915 and xe; kernel
 * documentation, "DRM client usage stats".
 */
final class DrmProcess implements Meter {
    private static final Set<String> DRIVERS = Set.of("amdgpu", "i915", "xe");
    private static final Path PROCESS = Path.of("/proc/self");

    /** Matches {@code drm-resident-vram0: 512 KiB}. Older versions of amdgpu only have {@code drm-memory-vram}. */
    private static final Pattern REGION = Pattern.compile(
            "drm-(?<what>resident|memory)-(?<region>[a-z0-9-]+):\\s*(?<size>\\d{1,12})(?: (?<unit>KiB|MiB))?");

    /** The two kinds of memory, each with its regions. */
    enum Reading {
        /** Memory on the card: {@code vram} of amdgpu, {@code local0} of i915, {@code vram0} of xe. */
        CARD(
                new Signal("drm.process", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.RESIDENT),
                "(vram|local)\\d*"),
        /**
         * System RAM of a card with its own memory. The card has mapped {@code gtt} of amdgpu and xe. It has not mapped
         * {@code cpu} of amdgpu and {@code system} of xe. {@code system0} of i915 is both. A chip without own memory
         * has all of it in system RAM: that is no spill, and is left out.
         */
        SYSTEM(
                new Signal("drm.shared", Metric.VRAM_SHARED_PEAK, Scope.PROCESS, Semantics.RESIDENT),
                "gtt|cpu|system\\d*");

        private final Signal signal;
        private final Pattern regions;

        Reading(Signal signal, String regions) {
            this.signal = signal;
            this.regions = Pattern.compile(regions);
        }
    }

    private final DrmCards.Card card;
    private final Reading reading;
    private final Path process;

    private DrmProcess(DrmCards.Card card, Reading reading, Path process) {
        this.card = card;
        this.reading = reading;
        this.process = process;
    }

    static List<Meter> open(Reading reading) throws MeterUnavailable {
        return open(DrmCards.list(), reading, PROCESS);
    }

    static List<Meter> open(List<DrmCards.Card> cards, Reading reading, Path process) throws MeterUnavailable {
        List<Meter> meters = cards.stream()
                .filter(card -> DRIVERS.contains(card.driver()))
                .<Meter>map(card -> new DrmProcess(card, reading, process))
                .toList();
        if (meters.isEmpty()) {
            throw new MeterUnavailable("no card here uses one of the drivers amdgpu, i915 and xe");
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        try {
            List<String> texts = KernelFile.list(process.resolve("fd"), "*").stream()
                    .filter(DrmProcess::isDrmFile)
                    .map(fd -> KernelFile.text(process.resolve("fdinfo").resolve(fd.getFileName())))
                    .toList();
            return bytes(texts, card.pciId(), reading);
        } catch (MeterUnavailable e) {
            return OptionalLong.empty();
        }
    }

    private static boolean isDrmFile(Path fd) {
        try {
            return Files.readSymbolicLink(fd).startsWith("/dev/dri");
        } catch (IOException e) {
            return false; // closed in the meantime
        }
    }

    /**
     * Bytes of one card. A client may have several files open, and counts once.
     *
     * @param texts texts of files in {@code fdinfo}
     * @return empty if no text has memory of this card
     */
    static OptionalLong bytes(List<String> texts, String pciId, Reading reading) {
        Map<String, Long> clients = new HashMap<>();
        for (String text : texts) {
            Map<String, Long> regions = regions(text);
            boolean ofCard = value(text, "drm-pdev")
                    .flatMap(Cards::pciId)
                    .filter(pciId::equals)
                    .isPresent();
            if (ofCard && sum(regions, Reading.CARD).isPresent()) {
                value(text, "drm-client-id").ifPresent(client -> sum(regions, reading)
                        .ifPresent(bytes -> clients.merge(client, bytes, Math::max)));
            }
        }
        return clients.values().stream().mapToLong(Long::longValue).reduce(Long::sum);
    }

    private static OptionalLong sum(Map<String, Long> regions, Reading reading) {
        return regions.entrySet().stream()
                .filter(region -> reading.regions.matcher(region.getKey()).matches())
                .mapToLong(Map.Entry::getValue)
                .reduce(Long::sum);
    }

    /** Bytes by region: the region's {@code resident} size if there is one, else its {@code memory} size. */
    private static Map<String, Long> regions(String text) {
        Map<String, Long> resident = new HashMap<>();
        Map<String, Long> memory = new HashMap<>();
        for (String line : text.lines().toList()) {
            Matcher matcher = REGION.matcher(line.stripTrailing());
            if (matcher.matches()) {
                (matcher.group("what").equals("resident") ? resident : memory)
                        .put(matcher.group("region"), bytes(matcher));
            }
        }
        memory.forEach(resident::putIfAbsent);
        return resident;
    }

    private static long bytes(Matcher matcher) {
        long size = Long.parseLong(matcher.group("size"));
        if (matcher.group("unit") == null) {
            return size;
        }
        return size * (matcher.group("unit").equals("KiB") ? 1024 : 1024 * 1024);
    }

    private static Optional<String> value(String text, String key) {
        return text.lines()
                .filter(line -> line.startsWith(key + ":"))
                .map(line -> line.substring(key.length() + 1).strip())
                .findFirst();
    }

    @Override
    public Optional<String> card() {
        return Optional.of(card.pciId());
    }

    @Override
    public Signal signal() {
        return reading.signal;
    }
}
