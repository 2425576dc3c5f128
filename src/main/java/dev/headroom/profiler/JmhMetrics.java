package dev.headroom.profiler;

import dev.headroom.result.Metric;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.ScalarResult;

/** Metrics as JMH's secondary results, with their merging rules. */
public final class JmhMetrics {
    private JmhMetrics() {}

    /** A metric's value in one iteration, in the metric's unit. */
    public static ScalarResult result(Metric metric, double value) {
        AggregationPolicy policy =
                switch (metric.merge()) {
                    case MAX -> AggregationPolicy.MAX;
                    case MEAN -> AggregationPolicy.AVG;
                    case SUM -> AggregationPolicy.SUM;
                };
        return new ScalarResult(metric.label(), value, metric.unit(), policy);
    }
}
