package dev.headroom.memory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The graphics cards of this machine, listed by Linux's Direct Rendering Manager in sysfs. */
final class DrmCards {
    private static final Path SYSFS = Path.of("/sys/class/drm");

    private DrmCards() {}

    /**
     * One card.
     *
     * @param device folder of its files, such as {@code /sys/class/drm/renderD128/device}
     * @param pciId in the spelling of {@link Cards#pciId}
     * @param driver kernel driver, such as {@code amdgpu}
     */
    record Card(Path device, String pciId, String driver) {}

    static List<Card> list() throws MeterUnavailable {
        return list(SYSFS);
    }

    /** The cards that can compute, in the kernel's order. */
    static List<Card> list(Path sysfs) throws MeterUnavailable {
        return KernelFile.list(sysfs, "renderD*").stream()
                .flatMap(node -> card(node.resolve("device")).stream())
                .sorted(Comparator.comparing(card -> card.device().toString()))
                .toList();
    }

    /** Empty if the device is not on a PCI bus. Such devices are virtual, or parts of a chip without own memory. */
    private static Optional<Card> card(Path device) {
        try {
            String driver = device.resolve("driver").toRealPath().getFileName().toString();
            return Cards.pciId(device.toRealPath().getFileName().toString()).map(id -> new Card(device, id, driver));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
