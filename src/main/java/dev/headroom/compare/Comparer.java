package dev.headroom.compare;

import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.compare.Comparison.Family;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Comparison.Unmatched;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.StatUtils;
import org.jspecify.annotations.Nullable;

/** Compares groups of cells, metric by metric. docs/statistics.md explains the method. */
public final class Comparer {
    /** Probability of one or more false verdicts in a family; 5 % over both families. */
    static final double FALSE_VERDICT = 0.025;

    /** Largest negligible difference of speed, time or energy, in percent. */
    static final double NEGLIGIBLE_PERCENT = 5;

    /** Largest negligible difference of memory, in MiB; or {@value #NEGLIGIBLE_MEMORY_PERCENT} %, if that is more. */
    static final double NEGLIGIBLE_MIB = 16;

    static final double NEGLIGIBLE_MEMORY_PERCENT = 1;

    private final CellGroups groups;
    private final String baseline;
    private final List<Hypothesis> hypotheses = new ArrayList<>();
    private final List<Incomparable> incomparable = new ArrayList<>();
    private final List<Unmatched> unmatched = new ArrayList<>();

    private Comparer(CellGroups groups, String baseline) {
        this.groups = groups;
        this.baseline = baseline;
    }

    /**
     * Compares runs.
     *
     * @param baseline the value that the others are compared with; null: a native environment, or else the first value
     * @throws dev.headroom.BadInput if there is nothing to compare, or if no cell has the baseline's value
     */
    public static Comparison compare(Runs runs, Dimension by, @Nullable String baseline) {
        return compare(runs.all(), by, baseline);
    }

    static Comparison compare(List<MeasuredRun> runs, Dimension by, @Nullable String baseline) {
        CellGroups groups = CellGroups.of(runs, by);
        return new Comparer(groups, groups.baseline(baseline)).compare();
    }

    private Comparison compare() {
        List<String> others = groups.values().stream()
                .filter(value -> !value.equals(baseline))
                .toList();
        others.forEach(this::match);
        List<Judged> judged = estimates(hypotheses);
        Family headlines = family(judged, true);
        Family rest = family(judged, false);
        List<Difference> differences = judged.stream()
                .map(each -> each.difference((each.hypothesis.headline ? headlines : rest).level()))
                .toList();
        MemoryImpacts memory = new MemoryImpacts(groups, baseline, differences);
        return new Comparison(
                groups.by(),
                baseline,
                others,
                headlines,
                rest,
                differences,
                memory.impacts(),
                memory.waterfalls(),
                incomparable,
                unmatched,
                MachineDifferences.warnings(groups, baseline));
    }

    private void match(String other) {
        Map<CellKey, List<Observation>> baselineGroup = groups.group(baseline);
        Map<CellKey, List<Observation>> otherGroup = groups.group(other);
        baselineGroup.forEach((key, cells) -> {
            List<Observation> otherCells = otherGroup.get(key);
            if (otherCells == null) {
                unmatched.add(unmatched(baseline, other, key, cells));
            } else {
                compareCells(other, key, cells, otherCells);
            }
        });
        otherGroup.forEach((key, cells) -> {
            if (!baselineGroup.containsKey(key)) {
                unmatched.add(unmatched(other, baseline, key, cells));
            }
        });
    }

    private Unmatched unmatched(String group, String missing, CellKey key, List<Observation> cells) {
        String nearest = groups.group(missing).keySet().stream()
                .flatMap(other -> key.onlyDifference(other).stream())
                .findFirst()
                .orElse("");
        return new Unmatched(group, missing, key, cells.get(0).cell().id(), nearest);
    }

    private void compareCells(
            String other, CellKey key, List<Observation> baselineCells, List<Observation> otherCells) {
        List<Observation> all =
                Stream.concat(baselineCells.stream(), otherCells.stream()).toList();
        List<String> ids = all.stream().map(seen -> seen.cell().id()).distinct().toList();
        Optional<String> obstacle = obstacle(other, baselineCells, otherCells);
        if (obstacle.isPresent()) {
            incomparable.add(new Incomparable(other, key, ids, "", obstacle.get()));
            return;
        }
        Set<Measure> baselineMeasures = measures(baselineCells);
        Set<Measure> otherMeasures = measures(otherCells);
        Set<Measure> both = new LinkedHashSet<>(baselineMeasures);
        both.retainAll(otherMeasures);
        String memory = Measure.leadingMemory(both);
        Collection<List<Run.MeterFact>> meterFacts =
                distinct(all, seen -> seen.cell().place().meters());
        String noise = noise(all);
        Optional<String> resolvedOtherwise = resolvedOtherwise(all);
        for (Measure measure : baselineMeasures) {
            if (resolvedOtherwise.isPresent() && !measure.ofMemory()) {
                if (measure.mayLead()) {
                    incomparable.add(new Incomparable(other, key, ids, measure.name(), resolvedOtherwise.get()));
                }
                continue;
            }
            if (!otherMeasures.contains(measure)) {
                if (measure.mayLead()) {
                    incomparable.add(new Incomparable(other, key, ids, measure.name(), "not measured in " + other));
                }
                continue;
            }
            Set<String> meters = meters(meterFacts, measure);
            if (meters.size() > 1) {
                incomparable.add(new Incomparable(
                        other, key, ids, measure.name(), "different meters (" + String.join(" and ", meters) + ")"));
                continue;
            }
            boolean headline =
                    measure.name().equals(Measure.SCORE) || measure.name().equals(memory);
            String meter = meters.stream().findFirst().orElse(null);
            hypotheses.add(new Hypothesis(
                    other, key, ids, measure, headline, meter, noise, baselineCells, otherCells, groups.by()));
        }
        otherMeasures.stream()
                .filter(measure -> measure.mayLead() && !baselineMeasures.contains(measure))
                .forEach(measure -> incomparable.add(
                        new Incomparable(other, key, ids, measure.name(), "not measured in " + baseline)));
    }

    /** A phrase for the first parameter that the machines of a cell resolved to different values. */
    private static Optional<String> resolvedOtherwise(List<Observation> cells) {
        Map<String, String> expected = cells.get(0).cell().resolved();
        return cells.stream()
                .flatMap(seen -> seen.cell().resolved().entrySet().stream())
                .filter(entry -> !entry.getValue().equals(expected.get(entry.getKey())))
                .findFirst()
                .map(entry -> "different " + entry.getKey() + " by default (" + expected.get(entry.getKey()) + " and "
                        + entry.getValue() + ")");
    }

    private static Set<Measure> measures(List<Observation> cells) {
        return distinct(cells, seen -> seen.cell().samples().measures()).stream()
                .flatMap(List::stream)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** The names of the meters of a metric; several cards may have a meter of the same name each. */
    private static Set<String> meters(Collection<List<Run.MeterFact>> meterFacts, Measure measure) {
        return meterFacts.stream()
                .flatMap(List::stream)
                .filter(meter -> meter.metrics().contains(measure.metered()))
                .map(Run.MeterFact::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The distinct values of a cell's property, by identity: most cells of many runs share one object. */
    private static <T> Collection<T> distinct(List<Observation> cells, Function<Observation, T> of) {
        IdentityHashMap<T, T> seen = new IdentityHashMap<>();
        List<T> all = new ArrayList<>();
        for (Observation each : cells) {
            T value = of.apply(each);
            if (seen.put(value, value) == null) {
                all.add(value);
            }
        }
        return all;
    }

    private static String noise(List<Observation> cells) {
        return distinct(cells, seen -> seen.cell().noise()).stream()
                .flatMap(words -> Arrays.stream(words.split(" ")))
                .filter(word -> !word.isEmpty())
                .distinct()
                .collect(Collectors.joining(" "));
    }

    /** The reason why no metric of a cell can be compared, if there is one. */
    private Optional<String> obstacle(String other, List<Observation> baselineCells, List<Observation> otherCells) {
        Conditions expected = baselineCells.get(0).cell().conditions();
        return Stream.concat(failures(baseline, baselineCells), failures(other, otherCells))
                .findFirst()
                .or(() -> Stream.concat(baselineCells.stream(), otherCells.stream())
                        .map(seen -> expected.differences(seen.cell().conditions(), groups.by()))
                        .filter(differences -> !differences.isEmpty())
                        .findFirst()
                        .map(differences -> "different " + String.join(", ", differences)));
    }

    private static Stream<String> failures(String group, List<Observation> cells) {
        return cells.stream()
                .map(Observation::cell)
                .filter(cell -> cell.status() != Status.OK)
                .map(cell ->
                        cell.status().text() + " in " + group + (cell.reason() == null ? "" : ": " + cell.reason()));
    }

    /**
     * Estimates all differences, with a lower limit for the standard errors of memory. Memory is often equal in a few
     * forks by chance. So each standard error is at least the median over all cells, for each group and metric.
     */
    private static List<Judged> estimates(List<Hypothesis> hypotheses) {
        List<Judged> judged =
                hypotheses.stream().parallel().map(Hypothesis::estimate).toList();
        Map<List<String>, List<Double>> errors = judged.stream()
                .filter(each -> each.hypothesis.measure.ofMemory() && each.estimate.hasStandardError())
                .collect(Collectors.groupingBy(
                        Judged::metric,
                        Collectors.mapping(each -> each.estimate.standardError(), Collectors.toList())));
        Map<List<String>, Double> medians = new HashMap<>();
        errors.forEach((metric, all) -> medians.put(
                metric,
                StatUtils.percentile(all.stream().mapToDouble(error -> error).toArray(), 50)));
        return judged.stream()
                .map(each -> each.atLeast(medians.getOrDefault(each.metric(), 0.0)))
                .toList();
    }

    private static Family family(List<Judged> judged, boolean headlines) {
        double[] p = judged.stream()
                .filter(each -> each.hypothesis.headline == headlines && each.estimate.hasStandardError())
                .mapToDouble(each -> each.estimate.p())
                .toArray();
        return new Family(p.length, Holm.level(p, FALSE_VERDICT));
    }

    /** A difference to test: one metric of one cell. */
    private record Hypothesis(
            String other,
            CellKey key,
            List<String> ids,
            Measure measure,
            boolean headline,
            @Nullable String meter,
            String noise,
            List<Observation> baselineCells,
            List<Observation> otherCells,
            Dimension by) {

        Judged estimate() {
            boolean ratio = measure.scale() == Scale.RATIO && positive(baselineCells) && positive(otherCells);
            Scale scale = ratio ? Scale.RATIO : Scale.DIFFERENCE;
            Replication replication = Replication.of(baselineCells, otherCells, measure, scale, by);
            double step = step(scale);
            DifferenceEstimate estimate = replication.estimate(step * step / 12);
            boolean byStep = estimate.standardError() > replication.estimate(0).standardError();
            return new Judged(this, scale, replication.unit(), estimate, byStep ? step : 0);
        }

        private boolean positive(List<Observation> cells) {
            return cells.stream()
                    .allMatch(seen -> Arrays.stream(seen.cell().samples().values(measure))
                            .allMatch(value -> value > 0 || Double.isNaN(value)));
        }

        /** The steps of single values. The variance of rounding to steps is step²/12, the lowest that they have. */
        private double step(Scale scale) {
            return scale == Scale.RATIO
                    ? Resolution.RATIO
                    : Resolution.mib(measure, meter, Stream.concat(baselineCells.stream(), otherCells.stream()));
        }
    }

    /**
     * A hypothesis with its estimate.
     *
     * @param step the meter's step, if it makes the standard error, and not the variation of values; else 0
     */
    private record Judged(Hypothesis hypothesis, Scale scale, String unit, DifferenceEstimate estimate, double step) {
        /** The group and the name of the metric. */
        List<String> metric() {
            return List.of(hypothesis.other, hypothesis.measure.name());
        }

        Judged atLeast(double error) {
            return new Judged(
                    hypothesis, scale, unit, hypothesis.measure.ofMemory() ? estimate.atLeast(error) : estimate, step);
        }

        Difference difference(double level) {
            double base = scale.value(estimate.baseline());
            boolean known = estimate.hasStandardError();
            boolean percents = known && base > 0; // one sample never yields a percentage
            Range interval = known ? interval(base, level) : null;
            boolean atLeast = hypothesis.measure.isCappedByCard()
                    && Stream.concat(hypothesis.baselineCells.stream(), hypothesis.otherCells.stream())
                            .anyMatch(seen -> seen.cell().atLeast());
            Verdict verdict = atLeast ? Verdict.UNCLEAR : verdict(base, interval);
            Double detectable = known ? finite(scale.units(base, estimate.detectable(level))) : null;
            return new Difference(
                    hypothesis.other,
                    hypothesis.key,
                    hypothesis.ids,
                    hypothesis.measure,
                    hypothesis.headline,
                    base,
                    scale.value(estimate.baseline() + estimate.difference()),
                    scale.units(base, estimate.difference()),
                    percents ? scale.percent(base, estimate.difference()) : null,
                    interval,
                    known ? interval(base, 0.05) : null,
                    known ? estimate.p() : null,
                    detectable,
                    detectable == null || !percents ? null : 100 * detectable / base,
                    verdict,
                    why(known, atLeast, verdict),
                    unit,
                    estimate.units(),
                    atLeast,
                    hypothesis.meter,
                    hypothesis.noise);
        }

        private @Nullable String why(boolean known, boolean atLeast, Verdict verdict) {
            if (!known) {
                return "only one " + unit + ": variation unknown; use --forks 5";
            }
            if (atLeast) {
                return "the card is full: the need may be larger";
            }
            return verdict == Verdict.UNCLEAR && hypothesis.measure.ofMemory() && step > 0
                    ? String.format(Locale.ROOT, "the meter's step of %.0f MiB makes the interval, not variation", step)
                    : null;
        }

        /** The confidence interval in the metric's unit; null if it is infinite. */
        private @Nullable Range interval(double base, double level) {
            Range range = estimate.interval(level).map(d -> scale.units(base, d));
            return range.finite() ? range : null;
        }

        private static @Nullable Double finite(double value) {
            return Double.isFinite(value) ? value : null;
        }

        private Verdict verdict(double base, @Nullable Range interval) {
            if (interval == null) {
                return Verdict.UNCLEAR;
            }
            if (interval.low() > 0 || interval.high() < 0) {
                return interval.low() > 0 == hypothesis.measure.moreIsBetter() ? Verdict.BETTER : Verdict.WORSE;
            }
            double negligible = hypothesis.measure.ofMemory()
                    ? Math.max(NEGLIGIBLE_MIB, NEGLIGIBLE_MEMORY_PERCENT / 100 * base)
                    : NEGLIGIBLE_PERCENT / 100 * base;
            return interval.farthest() <= negligible ? Verdict.NO_DIFFERENCE : Verdict.UNCLEAR;
        }
    }
}
