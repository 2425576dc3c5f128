package dev.headroom.result;

import java.util.List;
import java.util.Map;

/**
 * What the profiler of a fork tells besides the metrics of its iterations.
 *
 * @param phases memory in MiB when the fork first reached a phase (start, backend, model, context, decode), by signal:
 *     the metrics' names without their peak, such as {@code vram} and {@code ram.anon}
 * @param lost metrics whose meter stopped answering in the middle: from there on they are not measured
 */
public record ForkMemory(Map<String, Map<String, Double>> phases, List<String> lost) {}
