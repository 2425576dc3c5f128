package dev.headroom.compare;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What aligned cells have in common.
 *
 * @param params all parameters but the one that is compared
 */
public record CellKey(String benchmark, Map<String, String> params) {
    static final String CONTEXT_LENGTH = "contextLength";

    /**
     * The one parameter that another cell has otherwise, such as threads that follow the machine, as {@code threads 8}.
     */
    Optional<String> onlyDifference(CellKey other) {
        if (!benchmark.equals(other.benchmark) || !params.keySet().equals(other.params.keySet())) {
            return Optional.empty();
        }
        List<String> differing = params.keySet().stream()
                .filter(name -> !Objects.equals(params.get(name), other.params.get(name)))
                .toList();
        return differing.size() == 1 && !differing.get(0).equals(CONTEXT_LENGTH)
                ? Optional.of(differing.get(0) + " " + other.params.get(differing.get(0)))
                : Optional.empty();
    }
}
