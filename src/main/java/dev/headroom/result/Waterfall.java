package dev.headroom.result;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * Where the memory of a peak went. The parts add up to the peak; what is not known is in the last one, the residual,
 * which may be negative where less was touched than was allocated.
 *
 * @param memory {@code vram}, of the card that holds the model, or {@code ram}, of the process
 * @param peak in MiB
 * @param parts in MiB, in order; of vram: reserved (by the driver), others (who were there before), context (the
 *     driver's, and what it rounds up), weights, kv, compute, residual; of ram: java (before llama.cpp), backend
 *     (llama.cpp's and the driver's libraries), weights, kv, compute, output, residual
 */
public record Waterfall(String memory, double peak, Map<String, Double> parts) {
    /** The parts that each memory may have, in order. */
    public static final Map<String, List<String>> PARTS = allParts();

    private static Map<String, List<String>> allParts() {
        Map<String, List<String>> parts = new LinkedHashMap<>();
        parts.put("vram", List.of("reserved", "others", "context", "weights", "kv", "compute", "residual"));
        parts.put("ram", List.of("java", "backend", "weights", "kv", "compute", "output", "residual"));
        return parts;
    }

    /** Where the card's memory went in a fork; empty if its peak or its baseline was not measured. */
    public static Optional<Waterfall> vram(ForkResult fork) {
        OptionalDouble peak = peak(fork, "·vram.peak");
        OptionalDouble baseline = peak(fork, "·vram.baseline");
        Observed observed = fork.observed();
        if (peak.isEmpty()
                || baseline.isEmpty()
                || observed == null
                || observed.devices().isEmpty()) {
            return Optional.empty();
        }
        Predicate<String> card = isOn(observed.devices().get(0));
        double weights = sum(observed, card, "model");
        Map<String, Double> parts = new LinkedHashMap<>();
        OptionalDouble reserved = peak(fork, "·vram.reserved");
        reserved.ifPresent(mib -> parts.put("reserved", mib));
        parts.put("others", baseline.getAsDouble() - reserved.orElse(0));
        phase(fork, "model", "vram")
                .ifPresent(loaded -> parts.put("context", loaded - baseline.getAsDouble() - weights));
        parts.put("weights", weights);
        parts.put("kv", sum(observed, card, "kv", "recurrent"));
        parts.put("compute", sum(observed, card, "compute"));
        return Optional.of(withResidual("vram", peak.getAsDouble(), parts));
    }

    /**
     * Where the process's memory went in a fork; empty if its peak was not measured or nothing tells about its parts.
     */
    public static Optional<Waterfall> ram(ForkResult fork) {
        OptionalDouble peak = peak(fork, "·ram.peak");
        OptionalDouble java = phase(fork, "start", "ram");
        Observed observed = fork.observed();
        if (peak.isEmpty() || java.isEmpty() || observed == null) {
            return Optional.empty();
        }
        Predicate<String> host = device ->
                observed.devices().stream().noneMatch(name -> isOn(name).test(device));
        Map<String, Double> parts = new LinkedHashMap<>();
        parts.put("java", java.getAsDouble());
        phase(fork, "backend", "ram").ifPresent(opened -> parts.put("backend", opened - java.getAsDouble()));
        parts.put("weights", sum(observed, host, "model"));
        parts.put("kv", sum(observed, host, "kv", "recurrent"));
        parts.put("compute", sum(observed, host, "compute"));
        parts.put("output", sum(observed, host, "output"));
        return Optional.of(withResidual("ram", peak.getAsDouble(), parts));
    }

    private static Waterfall withResidual(String memory, double peak, Map<String, Double> parts) {
        double explained =
                parts.values().stream().mapToDouble(Double::doubleValue).sum();
        parts.put("residual", peak - explained);
        return new Waterfall(memory, peak, parts);
    }

    /** Whether a buffer's type belongs to a device: {@code CUDA0} has {@code CUDA0}, {@code CUDA0_Split}, … */
    private static Predicate<String> isOn(String device) {
        return buffer -> buffer.equals(device) || buffer.startsWith(device + "_");
    }

    private static double sum(Observed observed, Predicate<String> here, String... kinds) {
        return observed.buffers().stream()
                .filter(buffer -> List.of(kinds).contains(buffer.kind()) && here.test(buffer.device()))
                .mapToDouble(Observed.BufferSize::mib)
                .sum();
    }

    private static OptionalDouble phase(ForkResult fork, String phase, String signal) {
        ForkMemory memory = fork.memory();
        Double value = memory == null
                ? null
                : memory.phases().getOrDefault(phase, Map.of()).get(signal);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    /** The largest value of a metric over a fork's iterations. */
    public static OptionalDouble peak(ForkResult fork, String label) {
        return fork.iterations().stream()
                .flatMap(iteration -> Optional.ofNullable(iteration.metrics().get(label)).stream())
                .mapToDouble(Metric::value)
                .max();
    }
}
