package dev.headroom.memory;

import dev.headroom.llama.LlamaLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of an AMD card that this process holds, as its compute driver KFD, that of ROCm, tells it in sysfs:
 * {@code proc/<process>/vram_<card>} in bytes. It counts the same memory as {@link DrmProcess}: never add them. Empty
 * until the process has opened the card by ROCm. Process numbers are the host's, so in a container another process may
 * have ours.
 */
final class KfdProcess implements Meter {
    private static final Signal SIGNAL =
            new Signal("kfd.process", "vram.process.peak", Scope.PROCESS, Semantics.RESIDENT);

    private static final Path KFD = Path.of("/sys/class/kfd/kfd");

    /**
     * A card.
     *
     * @param gpuId KFD's number of it
     * @param pciId as {@link Cards#pciId} writes it
     */
    record Node(long gpuId, String pciId) {}

    private final Path file;
    private final Node node;

    private KfdProcess(Path file, Node node) {
        this.file = file;
        this.node = node;
    }

    static List<Meter> open() throws MeterUnavailable {
        return open(KFD, ProcessHandle.current().pid(), LlamaLibrary.loaded().isPresent());
    }

    /** @param gpuUsed whether this process may have opened a card already */
    static List<Meter> open(Path kfd, long pid, boolean gpuUsed) throws MeterUnavailable {
        Path process = kfd.resolve("proc").resolve(Long.toString(pid));
        List<Node> nodes = nodes(kfd.resolve("topology/nodes"));
        if (nodes.isEmpty()) {
            throw new MeterUnavailable("AMD's compute driver KFD knows no card here");
        }
        if (Files.exists(process) && !gpuUsed) {
            throw new MeterUnavailable(
                    "process " + pid
                            + " of AMD's compute driver KFD is another one, so this is a container that has numbers of its own");
        }
        return nodes.stream()
                .map(node -> (Meter) new KfdProcess(process.resolve("vram_" + node.gpuId()), node))
                .toList();
    }

    private static List<Node> nodes(Path topology) throws MeterUnavailable {
        if (!KernelFile.isThere(topology)) {
            throw new MeterUnavailable("there is no " + topology + " on this system");
        }
        List<Node> nodes = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(topology)) {
            for (Path folder : folders) {
                node(text(folder.resolve("gpu_id")), text(folder.resolve("properties")))
                        .ifPresent(nodes::add);
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new MeterUnavailable(topology + " cannot be read: " + e.getMessage(), e);
        }
        nodes.sort(Comparator.comparing(Node::pciId));
        return nodes;
    }

    /**
     * A node of the topology.
     *
     * @param gpuId the text of its {@code gpu_id}: 0 for a node of CPUs
     * @param properties the text of that file, lines {@code location_id 768}: the bus in bits 8 to 15, then five bits
     *     of the device and three of the function; {@code domain} may be missing in old kernels and is 0 then
     * @return empty for a node of CPUs, and where the text does not say where the card is
     */
    static Optional<Node> node(String gpuId, String properties) {
        OptionalLong id = KernelFile.number(gpuId);
        OptionalLong location = property(properties, "location_id");
        if (id.isEmpty() || id.getAsLong() == 0 || location.isEmpty()) {
            return Optional.empty();
        }
        long domain = property(properties, "domain").orElse(0);
        long place = location.getAsLong();
        return Cards.pciId(String.format(
                        Locale.ROOT, "%04x:%02x:%02x.%d", domain, (place >> 8) & 0xff, (place >> 3) & 0x1f, place & 7))
                .map(pciId -> new Node(id.getAsLong(), pciId));
    }

    private static OptionalLong property(String properties, String key) {
        return properties
                .lines()
                .filter(line -> line.startsWith(key + " "))
                .map(line -> KernelFile.number(line.substring(key.length() + 1)))
                .findFirst()
                .orElse(OptionalLong.empty());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** The file comes when the process opens the card. */
    @Override
    public OptionalLong read() {
        return KernelFile.number(text(file));
    }

    @Override
    public Optional<String> card() {
        return Optional.of(node.pciId());
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        // Nothing stays open.
    }
}
