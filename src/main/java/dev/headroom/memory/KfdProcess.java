package dev.headroom.memory;

import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Memory of an AMD card that this process holds, in bytes, from ROCm's kernel driver KFD. Source:
 * {@code proc/<process>/vram_<card>} in sysfs. It is the same memory that {@link DrmProcess} counts: never add the two.
 * Empty until the process has opened the card with ROCm.
 *
 * <p>KFD uses the host's process ids. In a container, another process may have the same id there.
 */
final class KfdProcess implements Meter {
    private static final Signal SIGNAL =
            new Signal("kfd.process", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.RESIDENT);

    private static final Path KFD = Path.of("/sys/class/kfd/kfd");

    /**
     * A card.
     *
     * @param gpuId KFD's id of the card
     * @param pciId in the spelling of {@link Cards#pciId}
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

    /** @param gpuUsed whether this process may have opened a card already; if not, an entry belongs to another one */
    static List<Meter> open(Path kfd, long pid, boolean gpuUsed) throws MeterUnavailable {
        Path process = kfd.resolve("proc").resolve(Long.toString(pid));
        List<Node> nodes = nodes(kfd.resolve("topology/nodes"));
        if (nodes.isEmpty()) {
            throw new MeterUnavailable("AMD's compute driver KFD lists no card");
        }
        if (Files.exists(process) && !gpuUsed) {
            throw MeterUnavailable.foreignProcess(pid, "AMD's compute driver KFD");
        }
        return nodes.stream()
                .map(node -> (Meter) new KfdProcess(process.resolve("vram_" + node.gpuId()), node))
                .toList();
    }

    private static List<Node> nodes(Path topology) throws MeterUnavailable {
        return KernelFile.list(topology, "*").stream()
                .flatMap(folder ->
                        node(KernelFile.text(folder.resolve("gpu_id")), KernelFile.text(folder.resolve("properties")))
                                .stream())
                .sorted(Comparator.comparing(Node::pciId))
                .toList();
    }

    /**
     * Reads a node of the topology. Its {@code location_id} is the PCI address: bits 8 to 15 are the bus, bits 3 to 7
     * the device, bits 0 to 2 the function. Old kernels have no {@code domain}, which is then 0.
     *
     * @param gpuId text of the node's file {@code gpu_id}; 0 if the node is a CPU
     * @param properties text of the node's file {@code properties}, with lines such as {@code location_id 768}
     * @return empty for a CPU, and if the text has no PCI address
     */
    static Optional<Node> node(String gpuId, String properties) {
        OptionalLong id = KernelFile.number(gpuId);
        OptionalLong location = property(properties, "location_id");
        if (id.isEmpty() || id.getAsLong() == 0 || location.isEmpty()) {
            return Optional.empty();
        }
        long domain = property(properties, "domain").orElse(0);
        long address = location.getAsLong();
        return Cards.pciId(String.format(
                        Locale.ROOT,
                        "%04x:%02x:%02x.%d",
                        domain,
                        (address >> 8) & 0xff,
                        (address >> 3) & 0x1f,
                        address & 7))
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

    /** The kernel creates the file when the process opens the card. */
    @Override
    public OptionalLong read() {
        return KernelFile.number(KernelFile.text(file));
    }

    @Override
    public Optional<String> card() {
        return Optional.of(node.pciId());
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
