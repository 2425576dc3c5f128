package dev.headroom.result;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * The parts of a memory peak. They add up to the peak.
 *
 * <p>Parts of VRAM: {@code reserved} (by the driver), {@code others} (programs that ran before), {@code context}
 * (driver context and rounding), {@code weights}, {@code kv}, {@code compute}. Parts of RAM: {@code java} (before
 * llama.cpp), {@code backend} (libraries of llama.cpp and the driver), {@code weights}, {@code kv}, {@code compute},
 * {@code output}. The last part of both, {@code residual}, is unexplained. It is negative if a program touched less
 * memory than it allocated.
 *
 * @param memory {@code vram} of the card that holds the model, or {@code ram} of the process
 * @param peak in MiB
 * @param parts in MiB, in the order of {@link #PARTS}
 */
public record Waterfall(String memory, double peak, Map<String, Double> parts) {
    /** The part that no measurement explains. Its column and key keep this name; texts say "unexplained". */
    private static final String UNEXPLAINED = "residual";

    /** The parts that each memory may have, in order. */
    public static final Map<String, List<String>> PARTS = allParts();

    private static Map<String, List<String>> allParts() {
        Map<String, List<String>> parts = new LinkedHashMap<>();
        parts.put("vram", List.of("reserved", "others", "context", "weights", "kv", "compute", UNEXPLAINED));
        parts.put("ram", List.of("java", "backend", "weights", "kv", "compute", "output", UNEXPLAINED));
        return parts;
    }

    /** The parts of a fork's VRAM peak; empty if the peak, the baseline or the model's card is unknown. */
    public static Optional<Waterfall> vram(ForkResult fork) {
        OptionalDouble peak = peak(fork, Metric.VRAM_PEAK);
        OptionalDouble baseline = peak(fork, Metric.VRAM_BASELINE);
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
        OptionalDouble reserved = peak(fork, Metric.VRAM_RESERVED);
        reserved.ifPresent(mib -> parts.put("reserved", mib));
        parts.put("others", baseline.getAsDouble() - reserved.orElse(0));
        phase(fork, "model", Metric.VRAM_PEAK)
                .ifPresent(loaded -> parts.put("context", loaded - baseline.getAsDouble() - weights));
        parts.put("weights", weights);
        parts.put("kv", sum(observed, card, "kv", "recurrent"));
        parts.put("compute", sum(observed, card, "compute"));
        return Optional.of(withUnexplained("vram", peak.getAsDouble(), parts));
    }

    /** The parts of a fork's RAM peak; empty if the peak, its start phase or llama.cpp's buffers are unknown. */
    public static Optional<Waterfall> ram(ForkResult fork) {
        OptionalDouble peak = peak(fork, Metric.RAM_PEAK);
        OptionalDouble java = phase(fork, "start", Metric.RAM_PEAK);
        Observed observed = fork.observed();
        if (peak.isEmpty() || java.isEmpty() || observed == null) {
            return Optional.empty();
        }
        Predicate<String> host = device ->
                observed.devices().stream().noneMatch(name -> isOn(name).test(device));
        Map<String, Double> parts = new LinkedHashMap<>();
        parts.put("java", java.getAsDouble());
        phase(fork, "backend", Metric.RAM_PEAK).ifPresent(opened -> parts.put("backend", opened - java.getAsDouble()));
        parts.put("weights", sum(observed, host, "model"));
        parts.put("kv", sum(observed, host, "kv", "recurrent"));
        parts.put("compute", sum(observed, host, "compute"));
        parts.put("output", sum(observed, host, "output"));
        return Optional.of(withUnexplained("ram", peak.getAsDouble(), parts));
    }

    private static Waterfall withUnexplained(String memory, double peak, Map<String, Double> parts) {
        double explained =
                parts.values().stream().mapToDouble(Double::doubleValue).sum();
        parts.put(UNEXPLAINED, peak - explained);
        return new Waterfall(memory, peak, parts);
    }

    /** Accepts the buffer types of a device: of {@code CUDA0} these are {@code CUDA0}, {@code CUDA0_Split}, … */
    private static Predicate<String> isOn(String device) {
        return buffer -> buffer.equals(device) || buffer.startsWith(device + "_");
    }

    private static double sum(Observed observed, Predicate<String> device, String... kinds) {
        return observed.buffers().stream()
                .filter(buffer -> List.of(kinds).contains(buffer.kind()) && device.test(buffer.device()))
                .mapToDouble(Observed.BufferSize::mib)
                .sum();
    }

    private static OptionalDouble phase(ForkResult fork, String phase, Metric metric) {
        ForkMemory memory = fork.memory();
        Double value = memory == null
                ? null
                : memory.phases().getOrDefault(phase, Map.of()).get(metric.signal());
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    /** The largest value of a metric over a fork's iterations. */
    public static OptionalDouble peak(ForkResult fork, Metric metric) {
        return fork.iterations().stream()
                .flatMap(iteration -> Optional.ofNullable(iteration.metrics().get(metric)).stream())
                .mapToDouble(MetricValue::value)
                .max();
    }
}
