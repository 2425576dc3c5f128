package dev.headroom.compare;

import dev.headroom.plan.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The key by which cells of two groups are matched.
 *
 * @param params all parameters except the compared one
 */
public record CellKey(String benchmark, Map<String, String> params) {
    static final String CONTEXT_LENGTH = Parameter.CONTEXT_LENGTH.key();

    /**
     * The one parameter that differs in another key, with its value there: {@code threads 8}. Empty if several differ,
     * or if it is the context length.
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
