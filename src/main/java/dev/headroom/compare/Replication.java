package dev.headroom.compare;

import dev.headroom.compare.CellGroups.Observation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The replicated values of a metric of a cell in two groups: one value for each unit of replication. The unit is a run
 * if a group has several runs, else a fork. Iterations of a fork are no replication and are already merged.
 */
final class Replication {
    private final String unit;
    private final boolean paired;
    private final double[] baseline;
    private final double[] other;

    private Replication(String unit, boolean paired, double[] baseline, double[] other) {
        this.unit = unit;
        this.paired = paired;
        this.baseline = baseline;
        this.other = other;
    }

    /** @param measure a metric that both groups measured */
    static Replication of(
            List<Observation> baseline, List<Observation> other, Measure measure, Scale scale, Dimension by) {
        Map<MeasuredRun, Double> one = means(baseline, measure, scale);
        Map<MeasuredRun, Double> two = means(other, measure, scale);
        boolean sameRuns = one.keySet().equals(two.keySet());
        if (one.size() > 1 || two.size() > 1) {
            return sameRuns ? paired("pair of runs", one, two) : new Replication("run", false, array(one), array(two));
        }
        Map<Integer, Double> baselineForks = forks(baseline, measure, scale);
        Map<Integer, Double> otherForks = forks(other, measure, scale);
        if (sameRuns && by == Dimension.ENVIRONMENT) {
            // forks are interleaved: fork n ran in both environments one after the other
            Replication pairs = paired("pair of forks", baselineForks, otherForks);
            if (pairs.baseline.length > 1) {
                return pairs;
            }
        }
        return new Replication("fork", false, array(baselineForks), array(otherForks));
    }

    private static <K> Replication paired(String unit, Map<K, Double> baseline, Map<K, Double> other) {
        List<K> both = baseline.keySet().stream().filter(other::containsKey).toList();
        ToDoubleFunction<K> left = key -> baseline.getOrDefault(key, Double.NaN);
        ToDoubleFunction<K> right = key -> other.getOrDefault(key, Double.NaN);
        return new Replication(
                unit,
                true,
                both.stream().mapToDouble(left).toArray(),
                both.stream().mapToDouble(right).toArray());
    }

    /** {@code fork}, {@code pair of forks}, {@code run} or {@code pair of runs}. */
    String unit() {
        return unit;
    }

    /** @param floor lowest variance of a single value */
    DifferenceEstimate estimate(double floor) {
        if (paired) {
            return DifferenceEstimate.paired(baseline, other, floor);
        }
        boolean oneRun = unit.equals("run") && Math.min(baseline.length, other.length) == 1;
        return oneRun
                ? DifferenceEstimate.equalVariance(baseline, other, floor)
                : DifferenceEstimate.welch(baseline, other, floor);
    }

    /** The mean over forks, on the scale, for each run that measured the metric. */
    private static Map<MeasuredRun, Double> means(List<Observation> cells, Measure measure, Scale scale) {
        Map<MeasuredRun, Double> means = new LinkedHashMap<>();
        for (Observation seen : cells) {
            double sum = 0;
            int count = 0;
            for (double value : seen.cell().samples().values(measure)) {
                if (Double.isFinite(value)) {
                    sum += scale.of(value);
                    count++;
                }
            }
            if (count > 0) {
                means.put(seen.run(), sum / count);
            }
        }
        return means;
    }

    /** The value of each fork, on the scale, by fork number; for a group with a single run. */
    private static Map<Integer, Double> forks(List<Observation> cells, Measure measure, Scale scale) {
        Map<Integer, Double> forks = new TreeMap<>();
        for (Observation seen : cells) {
            Samples samples = seen.cell().samples();
            double[] values = samples.values(measure);
            for (int fork = 0; fork < values.length; fork++) {
                if (Double.isFinite(values[fork])) {
                    forks.put(samples.number(fork), scale.of(values[fork]));
                }
            }
        }
        return forks;
    }

    private static double[] array(Map<?, Double> values) {
        return values.values().stream().mapToDouble(value -> value).toArray();
    }
}
