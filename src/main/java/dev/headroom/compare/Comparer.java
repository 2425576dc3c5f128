package dev.headroom.compare;

import dev.headroom.compare.Comparison.Alone;
import dev.headroom.compare.Comparison.Family;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Sides.Observation;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.StatUtils;
import org.jspecify.annotations.Nullable;

/** Compares the sides of runs, figure by figure. docs/statistics.md explains how. */
public final class Comparer {
    /** Probability of one false verdict or more in a family: 5 % over both. */
    static final double FALSE_VERDICT = 0.025;

    /** Below this a difference of speed, time or energy matters to nobody: percent. */
    static final double USEFUL_PERCENT = 5;

    /** The same of memory: whichever is more of this, and of a percent. */
    static final double USEFUL_MIB = 16;

    static final double USEFUL_MEMORY_PERCENT = 1;

    private final Sides sides;
    private final String baseline;
    private final List<Hypothesis> hypotheses = new ArrayList<>();
    private final List<Incomparable> incomparable = new ArrayList<>();
    private final List<Alone> alone = new ArrayList<>();

    private Comparer(Sides sides, String baseline) {
        this.sides = sides;
        this.baseline = baseline;
    }

    /**
     * Compares.
     *
     * @param baseline the value that the others are held against; without, a native environment or else the first
     * @throws dev.headroom.BadInput if there is nothing to compare, or no such baseline
     */
    public static Comparison compare(Runs runs, Dimension by, Optional<String> baseline) {
        return compare(runs.all(), by, baseline);
    }

    static Comparison compare(List<MeasuredRun> runs, Dimension by, Optional<String> baseline) {
        Sides sides = Sides.of(runs, by);
        return new Comparer(sides, sides.baseline(baseline)).compare(Facts.warnings(sides, sides.baseline(baseline)));
    }

    private Comparison compare(List<String> warnings) {
        List<String> others =
                sides.values().stream().filter(value -> !value.equals(baseline)).toList();
        others.forEach(this::align);
        List<Judged> judged = withFloors(hypotheses);
        Family headlines = family(judged, true);
        Family rest = family(judged, false);
        List<Difference> differences = judged.stream()
                .map(each -> each.difference((each.hypothesis.headline ? headlines : rest).level()))
                .toList();
        InWords words = new InWords(sides, baseline);
        return new Comparison(
                sides.by(),
                baseline,
                others,
                headlines,
                rest,
                differences,
                words.taxes(differences),
                words.waterfalls(differences),
                incomparable,
                alone,
                warnings);
    }

    private void align(String other) {
        Map<CellKey, List<Observation>> here = sides.side(baseline);
        Map<CellKey, List<Observation>> there = sides.side(other);
        here.forEach((key, cells) -> {
            List<Observation> partners = there.get(key);
            if (partners == null) {
                alone.add(alone(baseline, other, key, cells));
            } else {
                pair(other, key, cells, partners);
            }
        });
        there.forEach((key, cells) -> {
            if (!here.containsKey(key)) {
                alone.add(alone(other, baseline, key, cells));
            }
        });
    }

    private Alone alone(String side, String missing, CellKey key, List<Observation> cells) {
        String nearest = sides.side(missing).keySet().stream()
                .flatMap(other -> key.onlyDifference(other).stream())
                .findFirst()
                .orElse("");
        return new Alone(side, missing, key, cells.get(0).cell().id(), nearest);
    }

    private void pair(String other, CellKey key, List<Observation> here, List<Observation> there) {
        List<String> ids = Stream.concat(here.stream(), there.stream())
                .map(seen -> seen.cell().id())
                .distinct()
                .toList();
        Optional<String> obstacle = obstacle(other, here, there);
        if (obstacle.isPresent()) {
            incomparable.add(new Incomparable(other, key, ids, "", obstacle.get()));
            return;
        }
        Set<Measure> measures = measures(here);
        Set<Measure> measuredThere = measures(there);
        Set<Measure> both = new LinkedHashSet<>(measures);
        both.retainAll(measuredThere);
        String memory = Measure.leadingMemory(both);
        List<Observation> all = Stream.concat(here.stream(), there.stream()).toList();
        Collection<List<Run.MeterFact>> places =
                distinct(all, seen -> seen.cell().place().meters());
        String noise = noise(all);
        for (Measure measure : measures) {
            if (!measuredThere.contains(measure)) {
                if (measure.mayLead()) {
                    incomparable.add(new Incomparable(other, key, ids, measure.name(), "not measured in " + other));
                }
                continue;
            }
            Set<String> meters = meters(places, measure);
            if (meters.size() > 1) {
                incomparable.add(new Incomparable(
                        other, key, ids, measure.name(), "other meter: " + String.join(" and ", meters)));
                continue;
            }
            boolean headline =
                    measure.name().equals(Measure.SCORE) || measure.name().equals(memory);
            String meter = meters.stream().findFirst().orElse(null);
            hypotheses.add(new Hypothesis(other, key, ids, measure, headline, meter, noise, here, there, sides.by()));
        }
        measuredThere.stream()
                .filter(measure -> measure.mayLead() && !measures.contains(measure))
                .forEach(measure -> incomparable.add(
                        new Incomparable(other, key, ids, measure.name(), "not measured in " + baseline)));
    }

    private static Set<Measure> measures(List<Observation> side) {
        return distinct(side, seen -> seen.cell().samples().measures()).stream()
                .flatMap(List::stream)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Several cards have several meters, of one name. */
    private static Set<String> meters(Collection<List<Run.MeterFact>> places, Measure measure) {
        return places.stream()
                .flatMap(List::stream)
                .filter(meter -> meter.metrics().contains(measure.name()))
                .map(Run.MeterFact::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** What cells have of something, each object once: of many runs most have the same one. */
    private static <T> Collection<T> distinct(List<Observation> side, Function<Observation, T> of) {
        IdentityHashMap<T, T> seen = new IdentityHashMap<>();
        List<T> all = new ArrayList<>();
        for (Observation each : side) {
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

    /** Why nothing of a cell can be compared. */
    private Optional<String> obstacle(String other, List<Observation> here, List<Observation> there) {
        Optional<String> failed =
                Stream.concat(failed(baseline, here), failed(other, there)).findFirst();
        if (failed.isPresent()) {
            return failed;
        }
        Conditions expected = here.get(0).cell().conditions();
        for (Observation seen : Stream.concat(here.stream(), there.stream()).toList()) {
            List<String> differences = expected.differences(seen.cell().conditions(), sides.by());
            if (!differences.isEmpty()) {
                return Optional.of("other " + String.join(", ", differences));
            }
        }
        return Optional.empty();
    }

    private static Stream<String> failed(String side, List<Observation> cells) {
        return cells.stream()
                .map(Observation::cell)
                .filter(cell -> cell.status() != Status.OK)
                .map(cell ->
                        cell.status().text() + " in " + side + (cell.reason() == null ? "" : ": " + cell.reason()));
    }

    /**
     * Memory often is the same in every fork, or jumps between few values, so that few forks may scatter less than it
     * does. The memory of a cell is taken to be as uncertain as that of the cell in the middle, at least.
     */
    private static List<Judged> withFloors(List<Hypothesis> hypotheses) {
        List<Judged> judged =
                hypotheses.stream().parallel().map(Hypothesis::estimated).toList();
        Map<List<String>, List<Judged>> alike = judged.stream()
                .filter(each -> each.hypothesis.measure.ofMemory() && each.estimate.isCertain())
                .collect(Collectors.groupingBy(
                        each -> List.of(each.hypothesis.other, each.hypothesis.measure.name()), Collectors.toList()));
        Map<List<String>, Double> floors = new LinkedHashMap<>();
        alike.forEach((of, all) -> floors.put(
                of,
                StatUtils.percentile(
                        all.stream()
                                .mapToDouble(each -> each.estimate.standardError())
                                .toArray(),
                        50)));
        return judged.stream()
                .map(each -> each.atLeast(
                        floors.getOrDefault(List.of(each.hypothesis.other, each.hypothesis.measure.name()), 0.0)))
                .toList();
    }

    private static Family family(List<Judged> judged, boolean headlines) {
        double[] p = judged.stream()
                .filter(each -> each.hypothesis.headline == headlines && each.estimate.isCertain())
                .mapToDouble(each -> each.estimate.p())
                .toArray();
        return new Family(p.length, Holm.level(p, FALSE_VERDICT));
    }

    /** One figure of one cell, before anything is known of it. */
    private record Hypothesis(
            String other,
            CellKey key,
            List<String> ids,
            Measure measure,
            boolean headline,
            @Nullable String meter,
            String noise,
            List<Observation> here,
            List<Observation> there,
            Dimension by) {

        Judged estimated() {
            boolean ratio = measure.scale() == Scale.RATIO && positive(here) && positive(there);
            Scale scale = ratio ? Scale.RATIO : Scale.DIFFERENCE;
            Replication replication = Replication.of(here, there, measure, scale, by);
            return new Judged(this, scale, replication.unit(), replication.estimate(floor(scale)));
        }

        private boolean positive(List<Observation> side) {
            return side.stream()
                    .allMatch(seen -> Arrays.stream(seen.cell().samples().values(measure))
                            .allMatch(value -> value > 0 || Double.isNaN(value)));
        }

        /** Variance of a single value: that of what is rounded to steps. */
        private double floor(Scale scale) {
            double step = scale == Scale.RATIO ? Steps.RATIO : Steps.mib(measure, meter, here, there);
            return step * step / 12;
        }
    }

    /** The same with its estimate. */
    private record Judged(Hypothesis hypothesis, Scale scale, String unit, Estimate estimate) {
        Judged atLeast(double error) {
            return new Judged(
                    hypothesis, scale, unit, hypothesis.measure.ofMemory() ? estimate.atLeast(error) : estimate);
        }

        Difference difference(double level) {
            double base = scale.value(estimate.baseline());
            boolean certain = estimate.isCertain();
            boolean percents = certain && base > 0; // one sample makes no percentage
            Range interval = certain ? interval(base, level) : null;
            Double smallest = certain ? finite(scale.units(base, estimate.smallest(level))) : null;
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
                    certain ? interval(base, 0.05) : null,
                    certain ? estimate.p() : null,
                    smallest,
                    smallest == null || !percents ? null : 100 * smallest / base,
                    verdict(base, interval),
                    certain ? null : "one " + unit + " tells no scatter: take --forks 5",
                    unit,
                    estimate.units(),
                    hypothesis.meter,
                    hypothesis.noise);
        }

        /** In the unit; absent where so much scatter leaves nothing to say. */
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
            double useful = hypothesis.measure.ofMemory()
                    ? Math.max(USEFUL_MIB, USEFUL_MEMORY_PERCENT / 100 * base)
                    : USEFUL_PERCENT / 100 * base;
            return interval.farthest() <= useful ? Verdict.NO_DIFFERENCE : Verdict.UNCLEAR;
        }
    }
}
