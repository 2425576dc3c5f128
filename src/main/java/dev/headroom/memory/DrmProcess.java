package dev.headroom.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory that this process holds of an AMD or Intel card, on the card or for it in system RAM, as the drivers amdgpu,
 * i915 and xe tell it in {@code /proc/self/fdinfo} (kernel documentation, "DRM client usage stats"). Empty until the
 * process has opened the card.
 */
final class DrmProcess implements Meter {
    private static final Set<String> DRIVERS = Set.of("amdgpu", "i915", "xe");
    private static final Path PROCESS = Path.of("/proc/self");

    /** {@code drm-resident-vram0: 512 KiB}; older kernels of amdgpu have {@code drm-memory-vram} alone. */
    private static final Pattern REGION = Pattern.compile(
            "drm-(?<what>resident|memory)-(?<region>[a-z0-9-]+):\\s*(?<size>\\d{1,12})(?: (?<unit>KiB|MiB))?");

    /** What is read of the process. */
    enum Reading {
        /** On the card: amdgpu's {@code vram}, i915's {@code local0}, xe's {@code vram0}. */
        CARD(new Signal("drm.process", "vram.process.peak", Scope.PROCESS, Semantics.RESIDENT), "(vram|local)\\d*"),
        /**
         * In system RAM for a card that has memory of its own: amdgpu's and xe's {@code gtt}, which the card has
         * mapped, and what it has not, amdgpu's {@code cpu}, xe's {@code system}; i915's {@code system0}, which is
         * both. A chip without memory of its own has all of its memory there, which is not spilled.
         */
        SYSTEM(new Signal("drm.shared", "vram.shared.peak", Scope.PROCESS, Semantics.RESIDENT), "gtt|cpu|system\\d*");

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
        List<Meter> meters = new ArrayList<>();
        for (DrmCards.Card card : cards) {
            if (DRIVERS.contains(card.driver())) {
                meters.add(new DrmProcess(card, reading, process));
            }
        }
        if (meters.isEmpty()) {
            throw new MeterUnavailable("no card here has one of the drivers amdgpu, i915 and xe");
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        List<String> texts = new ArrayList<>();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path fd : open) {
                text(fd).ifPresent(texts::add);
            }
        } catch (IOException | DirectoryIteratorException e) {
            return OptionalLong.empty();
        }
        return bytes(texts, card.pciId(), reading);
    }

    /** What stands beside a file of {@code /dev/dri} that is open; it may be closed in the meantime. */
    private Optional<String> text(Path fd) {
        try {
            if (!Files.readSymbolicLink(fd).startsWith("/dev/dri")) {
                return Optional.empty();
            }
            Path info = process.resolve("fdinfo").resolve(fd.getFileName());
            return Optional.of(Files.readString(info, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Bytes of one card. A client, who may have several files open, counts once.
     *
     * @param texts of files in fdinfo
     * @return empty where no file is about this card or tells its memory
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

    /** Bytes by region: its resident size where it is told, else its {@code memory}. */
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

    @Override
    public void close() {
        // Nothing stays open.
    }
}
