package dev.headroom.compare;

import java.util.Map;

/**
 * What aligned cells have in common.
 *
 * @param params all parameters but the one that is compared
 */
public record CellKey(String benchmark, Map<String, String> params) {}
