package dev.headroom.compare;

import java.util.Map;

/**
 * The parts of a cell's peak memory in the baseline and in another group.
 *
 * @param memory {@code vram} or {@code ram}
 * @param parts parts of a {@link dev.headroom.result.Waterfall} that both groups have, and {@code peak}
 */
public record WaterfallComparison(String other, CellKey cell, String memory, Map<String, Part> parts) {
    /**
     * A part of the peak, in MiB.
     *
     * @param baseline the part's size in the baseline
     * @param value the part's size in the other group
     * @param difference value minus baseline
     */
    public record Part(double baseline, double value, double difference) {}
}
