package dev.headroom.probe;

import static dev.headroom.Units.MIB;

import dev.headroom.environment.Environment;
import dev.headroom.gguf.WeightPlacement;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a model or a context can fit into memory, by arithmetic alone.
 *
 * @param totalMib the machine's memory, or the control group's limit if that is less; null if unknown
 * @param availableMib the part of it that is free; null if unknown
 * @param gpuMib memory of all GPUs, 0 without one
 */
public record MemoryFit(@Nullable Double totalMib, @Nullable Double availableMib, double gpuMib) {
    /** The part of the free memory that a fork may take. With less left the kernel starts to kill processes. */
    private static final double USABLE = 0.95;

    /** Reads the sizes of memory from facts. */
    public static MemoryFit of(Environment environment, Run.Llama llama) {
        return new MemoryFit(
                mebibytes(environment, "memoryTotalMiB"),
                mebibytes(environment, "memoryAvailableMiB"),
                llama.devices().stream()
                        .filter(device -> device.type().equals("gpu"))
                        .mapToDouble(device -> device.totalMib() == null ? 0 : device.totalMib())
                        .sum());
    }

    private static @Nullable Double mebibytes(Environment environment, String fact) {
        return Stream.of(fact, "memoryLimitMiB")
                .flatMap(name -> Optional.ofNullable(environment.facts().get(name)).stream())
                .map(Double::valueOf)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }

    /** A warning if the weights of a model are larger than all memory. llama.cpp maps them from the file. */
    public Optional<Warning> largerThanMemory(Run.Model model) {
        double weights = model.tensorBytes() / MIB;
        return totalMib != null && weights > totalMib + gpuMib
                ? Optional.of(new Warning.LargerThanMemory(model.id(), weights, totalMib + gpuMib))
                : Optional.empty();
    }

    /**
     * Why a context cannot fit. Linux promises more memory than it has: such a context would not fail, it would bring
     * the machine down. Without a GPU, weights count only if llama.cpp copies them. The rest is mapped from the file,
     * and the kernel may drop it at any time.
     *
     * @param contextLength in tokens
     * @param ubatch in tokens
     * @return a sentence; empty if it may fit, or if that is unknown
     */
    public Optional<String> refusal(long contextLength, int ubatch, long tensorBytes, Prediction prediction) {
        OptionalDouble cache = prediction.mebibytes("kv", "recurrent");
        if (cache.isEmpty() || availableMib == null) {
            return Optional.empty();
        }
        double compute = prediction.mebibytes("compute").orElse(leastComputeBytes(contextLength, ubatch) / MIB);
        double weights = gpuMib > 0 ? tensorBytes / MIB : copied(prediction);
        if (cache.getAsDouble() + compute + weights <= USABLE * availableMib + gpuMib) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "A context of %d tokens does not fit: it takes %.0f MiB of KV cache and at least %.0f MiB of compute "
                        + "buffers beside %.0f MiB of weights; %.0f MiB of memory and %.0f MiB of GPU memory are free. "
                        + "Use a shorter context or a smaller kvType.",
                contextLength,
                cache.getAsDouble(),
                compute,
                weights,
                availableMib,
                gpuMib));
    }

    /** Weights in MiB that llama.cpp copies into a form of its own. */
    private static double copied(Prediction prediction) {
        return prediction.parts().stream()
                .filter(part -> part.kind().equals("model") && part.device() != null)
                .filter(part -> !WeightPlacement.HOST.equals(part.device()))
                .mapToDouble(Prediction.Part::predictedMib)
                .sum();
    }

    /**
     * The least size of the compute buffers: the f16 attention mask of one micro-batch. With flash attention nothing
     * else grows with the context; without it they also grow with the number of heads.
     */
    private static double leastComputeBytes(long contextLength, int ubatch) {
        return 2.0 * ubatch * contextLength;
    }
}
