package dev.headroom.compare;

import dev.headroom.compare.Sides.Observation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What was replicated: a figure of a cell on two sides, one value a unit. A unit is a run where a side has several,
 * else a fork. Iterations of a fork replicate nothing, and are merged before.
 */
final class Replication {
    private final String unit;
    private final boolean paired;
    private final double[] here;
    private final double[] there;

    private Replication(String unit, boolean paired, double[] here, double[] there) {
        this.unit = unit;
        this.paired = paired;
        this.here = here;
        this.there = there;
    }

    /** @param measure that was measured on both sides */
    static Replication of(List<Observation> here, List<Observation> there, Measure measure, Scale scale, Dimension by) {
        Map<MeasuredRun, Double> one = means(here, measure, scale);
        Map<MeasuredRun, Double> two = means(there, measure, scale);
        boolean sameRuns = one.keySet().equals(two.keySet());
        if (one.size() > 1 || two.size() > 1) {
            return sameRuns ? paired("pair of runs", one, two) : new Replication("run", false, array(one), array(two));
        }
        Map<Integer, Double> forksHere = forks(here, measure, scale);
        Map<Integer, Double> forksThere = forks(there, measure, scale);
        if (sameRuns && by == Dimension.ENVIRONMENT) {
            // fork n of the one ran next to fork n of the other
            Replication pairs = paired("pair of forks", forksHere, forksThere);
            if (pairs.here.length > 1) {
                return pairs;
            }
        }
        return new Replication("fork", false, array(forksHere), array(forksThere));
    }

    private static <K> Replication paired(String unit, Map<K, Double> here, Map<K, Double> there) {
        List<K> both = here.keySet().stream().filter(there::containsKey).toList();
        ToDoubleFunction<K> left = key -> here.getOrDefault(key, Double.NaN);
        ToDoubleFunction<K> right = key -> there.getOrDefault(key, Double.NaN);
        return new Replication(
                unit,
                true,
                both.stream().mapToDouble(left).toArray(),
                both.stream().mapToDouble(right).toArray());
    }

    /** In words: {@code fork}, {@code pair of forks}, {@code run} or {@code pair of runs}. */
    String unit() {
        return unit;
    }

    /** @param floor variance that a single value has at least */
    Estimate estimate(double floor) {
        if (paired) {
            return Estimate.paired(here, there, floor);
        }
        boolean oneRun = unit.equals("run") && Math.min(here.length, there.length) == 1;
        return oneRun ? Estimate.alike(here, there, floor) : Estimate.welch(here, there, floor);
    }

    /** The mean over forks, on the scale, of every run that measured it. */
    private static Map<MeasuredRun, Double> means(List<Observation> side, Measure measure, Scale scale) {
        Map<MeasuredRun, Double> means = new LinkedHashMap<>();
        for (Observation seen : side) {
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

    /** What every fork measured, on the scale, by its number; of a side with a single run. */
    private static Map<Integer, Double> forks(List<Observation> side, Measure measure, Scale scale) {
        Map<Integer, Double> forks = new TreeMap<>();
        for (Observation seen : side) {
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
