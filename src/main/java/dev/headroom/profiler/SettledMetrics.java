package dev.headroom.profiler;

import dev.headroom.result.Metric;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The metrics that a fork reports. Its first measured iteration settles them, as JMH takes 0 for a metric that an
 * iteration lacks. A 0 changes no maximum, so a metric that is lost later is just left out from there on.
 */
final class SettledMetrics {
    private final Set<Metric> warmedUp = new LinkedHashSet<>();
    private @Nullable Set<Metric> settled;

    /** Adds the metrics of a warm-up iteration: they are lost if the first measured iteration lacks them. */
    void warmedUp(Set<Metric> metrics) {
        warmedUp.addAll(metrics);
    }

    /**
     * Removes metrics that do not belong to the fork.
     *
     * @return metrics that this iteration lost
     */
    Set<Metric> settle(Map<Metric, Double> measured) {
        if (settled == null) {
            settled = new LinkedHashSet<>(measured.keySet());
            settled.addAll(warmedUp);
        }
        Set<Metric> lost = new LinkedHashSet<>(settled);
        lost.removeAll(measured.keySet());
        settled.removeAll(lost);
        measured.keySet().retainAll(settled);
        return lost;
    }
}
