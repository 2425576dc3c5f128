package dev.headroom.result;

import java.util.List;
import java.util.Map;

/**
 * What the profiler of a fork reports besides the metrics of its iterations.
 *
 * @param phases memory in MiB when the fork first reached a phase (start, backend, model, context, decode), by
 *     {@linkplain Metric#signal signal}, such as {@code vram} and {@code ram.anon}
 * @param lost metrics whose meter stopped answering during the fork; they are absent from there on
 */
public record ForkMemory(Map<String, Map<String, Double>> phases, List<Metric> lost) {}
