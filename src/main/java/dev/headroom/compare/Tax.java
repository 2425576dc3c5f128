package dev.headroom.compare;

import org.jspecify.annotations.Nullable;

/**
 * What a side costs in memory more than the baseline, in the reader's words.
 *
 * @param memory {@code vram} or {@code ram}
 * @param mib more than the baseline; negative: less
 * @param interval as in {@link Difference}
 * @param totalMib what the card or the machine has; absent where it is not known
 * @param percentOfTotal of that
 * @param tokens of context that would fit into the same memory; absent where what a token takes is not known
 * @param mibPerToken KV cache and compute buffers
 * @param source where that is from
 */
public record Tax(
        String other,
        CellKey cell,
        String memory,
        double mib,
        @Nullable Range interval,
        Verdict verdict,
        @Nullable Double totalMib,
        @Nullable Double percentOfTotal,
        @Nullable Double tokens,
        @Nullable Double mibPerToken,
        @Nullable String source) {}
