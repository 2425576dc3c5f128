package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.headroom.BadInput;
import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.plan.PropertiesText;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Claims about environments, and whether runs confirm them. docs/results.md has the rules. */
public final class Claims {
    /** Time, or 1 by speed, over that of the reference from which a cell on a full card must have spilled. */
    private static final double SLOW = 1.5;

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
        /** The card is nearly full, and no evidence shows whether the model stays in it. */
        UNKNOWN,
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
        int full = 0;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Difference difference : comparison.differences()) {
            if (difference.other().equals(environment)
                    && metric.test(difference.measure())
                    && concerns(claim, difference.cell())) {
                if (difference.atLeast()) {
                    full++;
                    continue;
                }
                cells.computeIfAbsent(answer(allowed, difference), first -> new ArrayList<>())
                        .addAll(difference.ids());
                double amount = allowed.percent()
                        ? Objects.requireNonNullElse(difference.percent(), Double.NaN)
                        : difference.difference();
                low = Math.min(low, amount);
                high = Math.max(high, amount);
            }
        }
        String leftOut = full == 0 ? "" : "; left out: " + full + (full == 1 ? " cell" : " cells") + " on a full card";
        if (cells.isEmpty()) {
            return full > 0
                    ? new Result(claim.text(), Answer.UNKNOWN, "every cell is on a full card", List.of())
                    : notMeasured(claim, whyNotMeasured(claim, environment, comparison));
        }
        String unit = allowed.percent() ? "%" : "MiB";
        String measured = String.format(Locale.ROOT, "measured %+.1f to %+.1f %s", low, high, unit);
        return overall(claim, cells, measured + ", claimed " + claim.says() + leftOut);
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
            Fit inReference = Fit.of(referenceCells, 1 / slowdown(comparison, environment, key, false));
            Fit inOther = Fit.of(otherCells, slowdown(comparison, environment, key, true));
            if (inReference.answer == null || inOther.answer == null) {
                return;
            }
            Answer answer = inReference.answer == Answer.UNKNOWN || inOther.answer == Answer.UNKNOWN
                    ? Answer.UNKNOWN
                    : inReference.answer == Answer.CONFIRMED && inOther.answer == Answer.REFUTED
                            ? Answer.CONFIRMED
                            : Answer.REFUTED;
            reasons.add(inReference.text + " in " + reference + " and " + inOther.text + " in " + environment);
            List<String> ids = cells.computeIfAbsent(answer, first -> new ArrayList<>());
            referenceCells.forEach(seen -> ids.add(seen.cell().id()));
            otherCells.forEach(seen -> ids.add(seen.cell().id()));
        });
        if (cells.isEmpty()) {
            return notMeasured(
                    claim,
                    "at " + claim.contextLength()
                            + " tokens no cell shows for both environments whether the model fits");
        }
        List<String> unknown = cells.remove(Answer.UNKNOWN);
        String why = String.join("; ", reasons);
        return cells.isEmpty()
                ? new Result(claim.text(), Answer.UNKNOWN, why, Objects.requireNonNull(unknown))
                : overall(claim, cells, why);
    }

    /**
     * Whether a cell's model stays in VRAM.
     *
     * @param answer confirmed, refuted or unknown; null if no cell shows it
     * @param text the answer as a phrase, with its evidence
     */
    private record Fit(@Nullable Answer answer, String text) {
        /** @param slowdown time over that of the other side's same cell; NaN if that is not known for certain */
        static Fit of(List<Observation> cells, double slowdown) {
            if (cells.stream().anyMatch(seen -> seen.cell().status() == Status.OOM)) {
                return new Fit(Answer.REFUTED, "does not fit (out of memory)");
            }
            Spill worst = cells.stream()
                    .map(seen -> seen.cell().spill())
                    .filter(Objects::nonNull)
                    .max(Comparator.comparing(Spill::verdict))
                    .orElse(null);
            if (worst == null || cells.stream().anyMatch(seen -> seen.cell().status() != Status.OK)) {
                return new Fit(null, "");
            }
            String evidence = worst.evidence().isEmpty() ? "" : " (" + String.join(", ", worst.evidence()) + ")";
            return switch (worst.verdict()) {
                case NONE -> new Fit(Answer.CONFIRMED, "fits");
                case SPILLED -> new Fit(Answer.REFUTED, "spills" + evidence);
                case SUSPECTED, UNKNOWN ->
                    slowdown >= SLOW
                            ? new Fit(
                                    Answer.REFUTED,
                                    String.format(
                                            Locale.ROOT, "does not fit (%.1f times slower on a full card)", slowdown))
                            : new Fit(Answer.UNKNOWN, "may not fit" + evidence);
            };
        }
    }

    /**
     * The smallest slowdown of a cell that the comparison allows, as time over the reference's time. With {@code least}
     * false: the largest. NaN without a difference in speed or time.
     */
    private static double slowdown(Comparison comparison, String environment, CellKey key, boolean least) {
        return comparison.differences().stream()
                .filter(difference -> difference.other().equals(environment)
                        && difference.cell().equals(key)
                        && difference.measure().name().equals(Measure.SCORE)
                        && difference.verdict().found())
                .mapToDouble(difference -> {
                    Range interval = Objects.requireNonNull(difference.interval());
                    boolean speed = difference.measure().moreIsBetter();
                    double ratio = 1 + (speed == least ? interval.high() : interval.low()) / difference.baseline();
                    return speed ? 1 / ratio : ratio;
                })
                .findFirst()
                .orElse(Double.NaN);
    }
}
