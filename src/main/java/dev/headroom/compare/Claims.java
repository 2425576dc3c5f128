package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.headroom.BadInput;
import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.plan.PropertiesText;
import dev.headroom.result.Metric;
import dev.headroom.result.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Predicate;

/** Claims about environments, and whether runs confirm them. docs/results.md has the rules. */
public final class Claims {
    private static final String SHARED = Metric.VRAM_SHARED_PEAK.label();

    /**
     * The growth of {@code ·vram.shared.peak} that means a spill, in MiB. The growth is over the environment's smallest
     * cell.
     */
    private static final double SPILLED_MIB = 256;

    /** The fraction of the reference's tokens/s below which the model must have spilled. */
    private static final double SPILLED_SPEED = 0.5;

    private final List<Claim> claims;

    private Claims(List<Claim> claims) {
        this.claims = claims;
    }

    /** The answer of the runs to a claim. */
    public enum Answer {
        CONFIRMED,
        REFUTED,
        /** The measurements are too uncertain, or cells disagree. */
        UNCLEAR,
        NOT_MEASURED_HERE;

        @JsonValue
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A claim with its answer.
     *
     * @param claim the claim in its author's words
     * @param why the reason for the answer
     * @param cells ids of the cells that the answer is based on
     */
    public record Result(String claim, Answer answer, String why, List<String> cells) {}

    /**
     * Reads claims from a file.
     *
     * @throws BadInput if the file cannot be read, or has no valid claims
     */
    public static Claims read(Path file) {
        String remedy = "give a file of claims, such as profiles/claims/article.properties";
        return new Claims(Claim.parse(file.toString(), PropertiesText.read(file, remedy)));
    }

    static Claims of(String text) {
        return new Claims(Claim.parse("claims", text));
    }

    /** Checks all claims against runs. */
    public List<Result> check(Runs runs) {
        return check(runs.all());
    }

    List<Result> check(List<MeasuredRun> runs) {
        Map<String, Comparison> byReference = new HashMap<>();
        List<Result> results = new ArrayList<>();
        Set<String> environments = new LinkedHashSet<>();
        runs.forEach(run ->
                run.cells().forEach(cell -> environments.add(cell.params().getOrDefault("environment", ""))));
        for (Claim claim : claims) {
            Optional<String> environment = matching(claim.environment(), environments);
            Optional<String> reference = matching(claim.reference(), environments);
            if (environment.isEmpty() || reference.isEmpty()) {
                String missing = environment.isEmpty() ? claim.environment() : claim.reference();
                results.add(notMeasured(claim, "no run has the environment " + missing));
                continue;
            }
            Comparison comparison = byReference.computeIfAbsent(
                    reference.get(), value -> Comparer.compare(runs, Dimension.ENVIRONMENT, value));
            results.add(
                    claim.says().equals(Claim.DECIDES)
                            ? checkFit(claim, CellGroups.of(runs, Dimension.ENVIRONMENT), environment.get(), comparison)
                            : checkAmount(claim, environment.get(), comparison));
        }
        return results;
    }

    /** The environment with this name, or else the first whose name starts with it. */
    private static Optional<String> matching(String name, Set<String> environments) {
        return environments.contains(name)
                ? Optional.of(name)
                : environments.stream()
                        .filter(each -> each.startsWith(name + "-"))
                        .findFirst();
    }

    private static Result notMeasured(Claim claim, String why) {
        return new Result(claim.text(), Answer.NOT_MEASURED_HERE, why, List.of());
    }

    private static Result checkAmount(Claim claim, String environment, Comparison comparison) {
        Claim.Allowed allowed = claim.allowed().orElseThrow();
        Predicate<Measure> metric =
                MetricNames.named("In the claim \"" + claim.text() + "\"", claim.figure(), comparison.differences());
        Map<Answer, List<String>> cells = new LinkedHashMap<>();
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Difference difference : comparison.differences()) {
            if (difference.other().equals(environment)
                    && metric.test(difference.measure())
                    && concerns(claim, difference.cell())) {
                cells.computeIfAbsent(answer(allowed, difference), first -> new ArrayList<>())
                        .addAll(difference.ids());
                double amount = allowed.percent()
                        ? Objects.requireNonNullElse(difference.percent(), Double.NaN)
                        : difference.difference();
                low = Math.min(low, amount);
                high = Math.max(high, amount);
            }
        }
        if (cells.isEmpty()) {
            return notMeasured(claim, whyNotMeasured(claim, environment, comparison));
        }
        String unit = allowed.percent() ? "%" : "MiB";
        String measured = String.format(Locale.ROOT, "measured %+.1f to %+.1f %s", low, high, unit);
        return overall(claim, cells, measured + ", claimed " + claim.says());
    }

    private static boolean concerns(Claim claim, CellKey cell) {
        return claim.contextLength() == null
                || claim.contextLength().equals(cell.params().get(CellKey.CONTEXT_LENGTH));
    }

    /** Confirmed if the interval lies inside the claimed range, refuted if it lies outside, else unclear. */
    private static Answer answer(Claim.Allowed allowed, Difference difference) {
        Range interval = difference.interval();
        if (interval == null || (allowed.percent() && difference.percent() == null)) {
            return Answer.UNCLEAR;
        }
        Range measured = allowed.percent() ? interval.map(difference::percentOf) : interval;
        Range claimed = allowed.range();
        if (claimed.low() <= measured.low() && measured.high() <= claimed.high()) {
            return Answer.CONFIRMED;
        }
        boolean outside = measured.high() < claimed.low() || claimed.high() < measured.low();
        return outside ? Answer.REFUTED : Answer.UNCLEAR;
    }

    private static String whyNotMeasured(Claim claim, String environment, Comparison comparison) {
        return comparison.incomparable().stream()
                .filter(each -> each.other().equals(environment) && concerns(claim, each.cell()))
                .map(Comparison.Incomparable::text)
                .findFirst()
                .orElse(claim.figure() + " was not measured in both environments"
                        + (claim.contextLength() == null ? "" : " at " + claim.contextLength() + " tokens"));
    }

    /** The answer over all cells; unclear if they disagree. */
    private static Result overall(Claim claim, Map<Answer, List<String>> cells, String why) {
        boolean confirmed = cells.containsKey(Answer.CONFIRMED);
        boolean refuted = cells.containsKey(Answer.REFUTED);
        Answer answer = confirmed == refuted ? Answer.UNCLEAR : confirmed ? Answer.CONFIRMED : Answer.REFUTED;
        List<String> ids = cells.entrySet().stream()
                .filter(entry -> answer == Answer.UNCLEAR || entry.getKey() == answer)
                .flatMap(entry -> entry.getValue().stream())
                .distinct()
                .toList();
        String disagreement = confirmed && refuted
                ? "; cells disagree, refuted by " + String.join(", ", cells.getOrDefault(Answer.REFUTED, List.of()))
                : "";
        return new Result(claim.text(), answer, why + disagreement, ids);
    }

    private static Result checkFit(Claim claim, CellGroups groups, String environment, Comparison comparison) {
        String reference = comparison.baseline();
        Map<Answer, List<String>> cells = new LinkedHashMap<>();
        Set<String> reasons = new LinkedHashSet<>();
        groups.group(reference).forEach((key, referenceCells) -> {
            List<Observation> otherCells = groups.group(environment).getOrDefault(key, List.of());
            if (!concerns(claim, key) || otherCells.isEmpty()) {
                return;
            }
            Optional<Boolean> referenceFits = fits(groups.group(reference), referenceCells);
            Optional<Boolean> otherFits = slowedBySpill(comparison, environment, key)
                    ? Optional.of(false)
                    : fits(groups.group(environment), otherCells);
            if (referenceFits.isPresent() && otherFits.isPresent()) {
                Answer answer = referenceFits.get() && !otherFits.get() ? Answer.CONFIRMED : Answer.REFUTED;
                reasons.add((referenceFits.get() ? "fits" : "does not fit") + " in " + reference + " and "
                        + (otherFits.get() ? "fits" : "does not fit") + " in " + environment);
                List<String> ids = cells.computeIfAbsent(answer, first -> new ArrayList<>());
                referenceCells.forEach(seen -> ids.add(seen.cell().id()));
                otherCells.forEach(seen -> ids.add(seen.cell().id()));
            }
        });
        return cells.isEmpty()
                ? notMeasured(
                        claim,
                        "at " + claim.contextLength()
                                + " tokens no cell shows for both environments whether the model fits")
                : overall(claim, cells, String.join("; ", reasons));
    }

    /** Whether a cell's model stays in VRAM; empty if unknown. */
    private static Optional<Boolean> fits(Map<CellKey, List<Observation>> group, List<Observation> cells) {
        if (cells.stream().anyMatch(seen -> seen.cell().status() == Status.OOM)) {
            return Optional.of(false);
        }
        if (cells.stream()
                .anyMatch(seen -> seen.cell().status() != Status.OK
                        || (seen.cell().mean(Measure.VRAM).isEmpty()
                                && seen.cell().mean(Measure.HOST_VRAM).isEmpty()))) {
            return Optional.empty();
        }
        OptionalDouble smallest = group.values().stream()
                .flatMap(List::stream)
                .flatMapToDouble(seen -> seen.cell().mean(SHARED).stream())
                .min();
        OptionalDouble largest = cells.stream()
                .flatMapToDouble(seen -> seen.cell().mean(SHARED).stream())
                .max();
        return Optional.of(smallest.isEmpty()
                || largest.isEmpty()
                || largest.getAsDouble() - smallest.getAsDouble() < SPILLED_MIB);
    }

    /** Whether a cell is so slow that it must have spilled; for meters that cannot see a spill. */
    private static boolean slowedBySpill(Comparison comparison, String environment, CellKey key) {
        return comparison.differences().stream()
                .anyMatch(difference -> difference.other().equals(environment)
                        && difference.cell().equals(key)
                        && difference.measure().name().equals(Measure.SCORE)
                        && difference.measure().moreIsBetter()
                        && difference.verdict() == Verdict.WORSE
                        && difference.value() < SPILLED_SPEED * difference.baseline());
    }
}
