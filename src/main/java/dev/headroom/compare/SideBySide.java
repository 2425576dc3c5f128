package dev.headroom.compare;

import java.util.Map;

/**
 * Where a peak went on two sides, in MiB.
 *
 * @param memory {@code vram} or {@code ram}
 * @param parts as in {@link dev.headroom.result.Waterfall}, those that both sides have; and {@code peak}
 */
public record SideBySide(String other, CellKey cell, String memory, Map<String, Part> parts) {
    /**
     * A part of the peak.
     *
     * @param baseline in MiB
     * @param value in MiB
     * @param difference value minus baseline: the part's share in the tax
     */
    public record Part(double baseline, double value, double difference) {}
}
