package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The graphics cards Linux knows, as its Direct Rendering Manager lists them in sysfs. */
final class DrmCards {
    private static final Path SYSFS = Path.of("/sys/class/drm");

    private DrmCards() {}

    /**
     * One card.
     *
     * @param device the folder of its files, {@code /sys/class/drm/renderD128/device}
     * @param pciId as {@link Cards#pciId} writes it
     * @param driver the kernel's driver, {@code amdgpu}
     */
    record Card(Path device, String pciId, String driver) {}

    static List<Card> list() throws MeterUnavailable {
        return list(SYSFS);
    }

    /** The cards that compute, in the kernel's order. */
    static List<Card> list(Path sysfs) throws MeterUnavailable {
        if (!KernelFile.isThere(sysfs)) {
            throw new MeterUnavailable("there is no " + sysfs + " on this system");
        }
        List<Card> cards = new ArrayList<>();
        try (DirectoryStream<Path> nodes = Files.newDirectoryStream(sysfs, "renderD*")) {
            for (Path node : nodes) {
                card(node.resolve("device")).ifPresent(cards::add);
            }
        } catch (IOException | DirectoryIteratorException | UncheckedIOException e) {
            throw new MeterUnavailable(sysfs + " cannot be read: " + e.getMessage(), e);
        }
        cards.sort(Comparator.comparing(card -> card.device().toString()));
        return cards;
    }

    /** Cards on a PCI bus alone: what is on a chip without one, or virtual, has no memory of its own. */
    private static Optional<Card> card(Path device) {
        try {
            String driver = device.resolve("driver").toRealPath().getFileName().toString();
            return Cards.pciId(device.toRealPath().getFileName().toString()).map(id -> new Card(device, id, driver));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
