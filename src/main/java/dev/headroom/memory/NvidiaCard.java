package dev.headroom.memory;

import com.sun.jna.Platform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One NVIDIA card as its driver describes it. Under MIG, the name and the UUID are those of the part that CUDA uses. A
 * component is null if the driver does not report it.
 *
 * @param pciId in the spelling of {@link Cards#pciId}
 * @param uuid {@code GPU-…} or {@code MIG-…}
 */
public record NvidiaCard(@Nullable String pciId, @Nullable String name, @Nullable String uuid) {
    private static final Pattern CUDA = Pattern.compile("CUDA(?<index>[0-9]{1,4})");

    /**
     * Facts about all NVIDIA cards, for results. {@code gpuDriver} and {@code gpuCuda} are the version of the driver
     * and the newest version of CUDA that it supports. The first card has {@code gpu} (its name), {@code gpuUuid},
     * {@code gpuDriverModel}, {@code gpuDisplay} and its settings; the second card has {@code gpu2} and so on. Unknown
     * facts are left out. The map is empty without an NVIDIA driver.
     */
    public static Map<String, String> facts() {
        try (Nvml nvml = Nvml.open()) {
            return facts(nvml);
        } catch (MeterUnavailable | LinkageError e) {
            return Map.of(); // the memory meters use the same driver and report the reason
        }
    }

    static Map<String, String> facts(Nvml nvml) throws MeterUnavailable {
        Map<String, String> facts = new LinkedHashMap<>();
        nvml.driver().ifPresent(version -> facts.put("gpuDriver", version));
        nvml.cuda().ifPresent(version -> facts.put("gpuCuda", version));
        int number = 0;
        for (Nvml.Card card : nvml.cards()) {
            String gpu = ++number == 1 ? "gpu" : "gpu" + number;
            card.name().ifPresent(name -> facts.put(gpu, name));
            card.uuid().ifPresent(uuid -> facts.put(gpu + "Uuid", uuid));
            card.driverModel().ifPresent(model -> facts.put(gpu + "DriverModel", model));
            card.display().ifPresent(display -> facts.put(gpu + "Display", display));
            card.powerLimit().ifPresent(watts -> facts.put(gpu + "PowerLimitW", Long.toString(watts)));
            card.persistence().ifPresent(mode -> facts.put(gpu + "Persistence", mode));
            card.pcieGeneration().ifPresent(generation -> facts.put(gpu + "PcieGeneration", Long.toString(generation)));
            card.pcieWidth().ifPresent(lanes -> facts.put(gpu + "PcieWidth", Long.toString(lanes)));
        }
        return facts;
    }

    /**
     * Number of processes that use an NVIDIA card for computing, on the card that has most of them. This process counts
     * once it uses the card. Empty without an NVIDIA driver, and on Windows: the driver lists graphics processes there.
     */
    public static OptionalInt computeProcesses() {
        if (Platform.isWindows()) {
            return OptionalInt.empty();
        }
        try (Nvml nvml = Nvml.open()) {
            return NvmlProcess.computeProcesses(nvml);
        } catch (MeterUnavailable | LinkageError e) {
            return OptionalInt.empty();
        }
    }

    /**
     * The PCI id of the card that holds the model loaded last. For releases of llama.cpp before late 2025, whose log
     * has only CUDA's index of the card. Empty if the card is unknown.
     *
     * @param log llama.cpp's log
     */
    public static Optional<String> ofModel(List<String> log) {
        Optional<Matcher> device = Cards.deviceOfModel(log).map(CUDA::matcher).filter(Matcher::matches);
        if (device.isEmpty()) {
            return Optional.empty();
        }
        int index = Integer.parseInt(device.get().group("index"));
        try (Nvml nvml = Nvml.open()) {
            List<NvidiaCard> cards = nvml.cards().stream()
                    .map(card -> new NvidiaCard(
                            card.pciId().orElse(null),
                            card.name().orElse(null),
                            card.uuid().orElse(null)))
                    .toList();
            return CudaDevices.ofEnvironment().card(index, cards).flatMap(card -> Optional.ofNullable(card.pciId()));
        } catch (MeterUnavailable | LinkageError e) {
            return Optional.empty();
        }
    }
}
