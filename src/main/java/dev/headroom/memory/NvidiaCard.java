package dev.headroom.memory;

import com.sun.jna.Platform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the driver says of an NVIDIA card; under MIG, name and UUID are those of the part that CUDA takes.
 *
 * @param pciId as {@link Cards#pciId} writes it
 * @param uuid {@code GPU-…} or {@code MIG-…}
 * @param driverModel {@code WDDM}, {@code TCC} or {@code MCDM}, on Windows alone
 * @param display {@code active}, {@code connected} or {@code none}
 */
public record NvidiaCard(
        Optional<String> pciId,
        Optional<String> name,
        Optional<String> uuid,
        Optional<String> driverModel,
        Optional<String> display) {
    private static final Pattern CUDA = Pattern.compile("CUDA(?<number>[0-9]{1,4})");

    private static List<NvidiaCard> list(Nvml nvml) throws MeterUnavailable {
        return nvml.cards().stream()
                .map(card -> new NvidiaCard(card.pciId(), card.name(), card.uuid(), card.driverModel(), card.display()))
                .toList();
    }

    /**
     * Facts for results: {@code gpuDriver}, {@code gpuCuda} (the newest version of CUDA that it runs), then of each
     * card {@code gpu} (its name), {@code gpuUuid}, {@code gpuDriverModel} and {@code gpuDisplay}, of the second one
     * {@code gpu2} and so on. What is not known is not there: nothing at all without an NVIDIA driver.
     */
    public static Map<String, String> facts() {
        try (Nvml nvml = Nvml.open()) {
            return facts(nvml);
        } catch (MeterUnavailable | LinkageError e) {
            return Map.of(); // the meters of memory meet the same driver and say why
        }
    }

    static Map<String, String> facts(Nvml nvml) throws MeterUnavailable {
        Map<String, String> facts = new LinkedHashMap<>();
        nvml.driver().ifPresent(version -> facts.put("gpuDriver", version));
        nvml.cuda().ifPresent(version -> facts.put("gpuCuda", version));
        List<NvidiaCard> cards = list(nvml);
        for (int i = 0; i < cards.size(); i++) {
            String gpu = i == 0 ? "gpu" : "gpu" + (i + 1);
            NvidiaCard card = cards.get(i);
            card.name().ifPresent(name -> facts.put(gpu, name));
            card.uuid().ifPresent(uuid -> facts.put(gpu + "Uuid", uuid));
            card.driverModel().ifPresent(model -> facts.put(gpu + "DriverModel", model));
            card.display().ifPresent(display -> facts.put(gpu + "Display", display));
        }
        return facts;
    }

    /**
     * How many processes have an NVIDIA card open for computing, of the card that has most; this one is among them once
     * it has. Empty without such a driver and on Windows, which lists whatever draws there.
     */
    public static OptionalInt computing() {
        if (Platform.isWindows()) {
            return OptionalInt.empty();
        }
        try (Nvml nvml = Nvml.open()) {
            return NvmlProcess.computing(nvml);
        } catch (MeterUnavailable | LinkageError e) {
            return OptionalInt.empty();
        }
    }

    /**
     * The PCI id of the card that the model loaded last is on, where llama.cpp's log, of releases before late 2025, has
     * no more than CUDA's number of it.
     */
    public static Optional<String> ofModel(List<String> log) {
        Optional<Matcher> device = Cards.deviceOfModel(log).map(CUDA::matcher).filter(Matcher::matches);
        if (device.isEmpty()) {
            return Optional.empty();
        }
        int number = Integer.parseInt(device.get().group("number"));
        try (Nvml nvml = Nvml.open()) {
            return CudaDevices.ofEnvironment().card(number, list(nvml)).flatMap(NvidiaCard::pciId);
        } catch (MeterUnavailable | LinkageError e) {
            return Optional.empty();
        }
    }
}
