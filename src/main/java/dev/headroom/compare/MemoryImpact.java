package dev.headroom.compare;

import org.jspecify.annotations.Nullable;

/**
 * The memory difference between a group and the baseline, for one cell: in MiB, in percent of the total, and in tokens.
 *
 * @param memory {@code vram} or {@code ram}
 * @param mib the group's memory minus the baseline's
 * @param interval as in {@link Difference}
 * @param totalMib memory of the card or machine; absent if unknown
 * @param percentOfTotal {@code mib} in percent of {@code totalMib}
 * @param tokens the context that would fit into {@code mib}; absent if {@code mibPerToken} is unknown, or if the model
 *     was trained for less
 * @param mibPerToken KV cache and compute buffers of one token
 * @param source how {@code mibPerToken} was found
 */
public record MemoryImpact(
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
