package dev.headroom.compare;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.headroom.BadInput;
import dev.headroom.compare.Sides.Observation;
import dev.headroom.result.Status;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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

/** Claims held against runs. */
public final class Claims {
    private static final String SHARED = "·vram.shared.peak";

    /**
     * System RAM that serves a card, above what it did before: MiB from which on a driver has moved something there.
     */
    private static final double SPILLED_MIB = 256;

    /** A share of the reference's speed that only a spill explains. */
    private static final double CRAWL = 0.5;

    private static final int LARGEST = 1 << 20;

    private final List<Claim> claims;

    private Claims(List<Claim> claims) {
        this.claims = claims;
    }

    /** What runs say to a claim. */
    public enum Answer {
        CONFIRMED,
        REFUTED,
        /** Measured, but not well enough, or cells do not agree. */
        UNCLEAR,
        NOT_MEASURED_HERE;

        @JsonValue
        public String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A claim and what runs say to it.
     *
     * @param claim as it was said
     * @param why in words
     * @param cells ids of the cells that say so
     */
    public record Checked(String claim, Answer answer, String why, List<String> cells) {}

    /**
     * Reads claims.
     *
     * @throws BadInput if the file is not one of claims
     */
    public static Claims read(Path file) {
        try {
            if (Files.size(file) > LARGEST) {
                throw new BadInput(file + " is larger than 1 MiB: name a file of claims.");
            }
            return new Claims(Claim.parse(file.toString(), Files.readString(file)));
        } catch (NoSuchFileException e) {
            throw new BadInput(
                    "There is no " + file + ": name a file of claims, such as profiles/claims/article.properties.", e);
        } catch (MalformedInputException e) {
            throw new BadInput(file + " is not UTF-8 text: save it as UTF-8.", e);
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read (" + e + "): name a file of claims.", e);
        }
    }

    static Claims of(String text) {
        return new Claims(Claim.parse("claims", text));
    }

    /** Holds them against runs. */
    public List<Checked> check(Runs runs) {
        return check(runs.all());
    }

    List<Checked> check(List<MeasuredRun> runs) {
        Map<String, Comparison> against = new HashMap<>();
        List<Checked> checked = new ArrayList<>();
        Set<String> environments = new LinkedHashSet<>();
        runs.forEach(run ->
                run.cells().forEach(cell -> environments.add(cell.params().getOrDefault("environment", ""))));
        for (Claim claim : claims) {
            Optional<String> environment = named(claim.environment(), environments);
            Optional<String> reference = named(claim.reference(), environments);
            if (environment.isEmpty() || reference.isEmpty()) {
                String missing = environment.isEmpty() ? claim.environment() : claim.reference();
                checked.add(new Checked(
                        claim.text(), Answer.NOT_MEASURED_HERE, "no run has the environment " + missing, List.of()));
                continue;
            }
            Sides sides = Sides.of(runs, Dimension.ENVIRONMENT);
            Comparison comparison = against.computeIfAbsent(
                    reference.get(), value -> Comparer.compare(runs, Dimension.ENVIRONMENT, Optional.of(value)));
            checked.add(
                    claim.says().equals(Claim.DECIDES)
                            ? decides(claim, sides, environment.get(), reference.get(), comparison)
                            : amount(claim, environment.get(), comparison));
        }
        return checked;
    }

    /** The environment of that name, or the first of that name and more. */
    private static Optional<String> named(String name, Set<String> environments) {
        return environments.contains(name)
                ? Optional.of(name)
                : environments.stream()
                        .filter(each -> each.startsWith(name + "-"))
                        .findFirst();
    }

    // how much

    private static Checked amount(Claim claim, String environment, Comparison comparison) {
        Claim.Allowed allowed = claim.allowed().orElseThrow();
        Predicate<Measure> figure =
                Figures.named("The claim \"" + claim.text() + "\"", claim.figure(), comparison.differences());
        Map<Answer, List<String>> cells = new LinkedHashMap<>();
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Difference difference : comparison.differences()) {
            if (difference.other().equals(environment)
                    && figure.test(difference.measure())
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
            return new Checked(
                    claim.text(), Answer.NOT_MEASURED_HERE, reason(claim, environment, comparison), List.of());
        }
        String unit = allowed.percent() ? "%" : "MiB";
        String found = String.format(Locale.ROOT, "measured %+.1f to %+.1f %s", low, high, unit);
        return checked(claim, cells, found + ", claimed " + claim.says());
    }

    private static boolean concerns(Claim claim, CellKey cell) {
        return claim.contextLength() == null
                || claim.contextLength().equals(cell.params().get("contextLength"));
    }

    private static Answer answer(Claim.Allowed allowed, Difference difference) {
        Range interval = difference.interval();
        if (interval == null || (allowed.percent() && difference.percent() == null)) {
            return Answer.UNCLEAR;
        }
        Range seen = allowed.percent() ? interval.map(difference::percentOf) : interval;
        if (allowed.range().low() <= seen.low()
                && seen.high() <= allowed.range().high()) {
            return Answer.CONFIRMED;
        }
        boolean apart = seen.high() < allowed.range().low() || allowed.range().high() < seen.low();
        return apart ? Answer.REFUTED : Answer.UNCLEAR;
    }

    private static String reason(Claim claim, String environment, Comparison comparison) {
        return comparison.incomparable().stream()
                .filter(each -> each.other().equals(environment) && concerns(claim, each.cell()))
                .map(each -> (each.measure().isEmpty() ? "" : each.measure().replace("·", "") + ": ") + each.reason())
                .findFirst()
                .orElse(claim.figure() + " was not measured on both sides"
                        + (claim.contextLength() == null ? "" : " at " + claim.contextLength() + " tokens"));
    }

    /** Of all cells: those that disagree make it unclear. */
    private static Checked checked(Claim claim, Map<Answer, List<String>> cells, String why) {
        boolean confirmed = cells.containsKey(Answer.CONFIRMED);
        boolean refuted = cells.containsKey(Answer.REFUTED);
        Answer answer = confirmed == refuted ? Answer.UNCLEAR : confirmed ? Answer.CONFIRMED : Answer.REFUTED;
        List<String> ids = cells.entrySet().stream()
                .filter(entry -> answer == Answer.UNCLEAR || entry.getKey() == answer)
                .flatMap(entry -> entry.getValue().stream())
                .distinct()
                .toList();
        String disagree = confirmed && refuted
                ? "; cells disagree: " + String.join(", ", cells.getOrDefault(Answer.REFUTED, List.of()))
                        + " speak against it"
                : "";
        return new Checked(claim.text(), answer, why + disagree, ids);
    }

    // whether it fits

    private static Checked decides(
            Claim claim, Sides sides, String environment, String reference, Comparison comparison) {
        Map<Answer, List<String>> cells = new LinkedHashMap<>();
        Set<String> words = new LinkedHashSet<>();
        sides.side(reference).forEach((key, here) -> {
            List<Observation> there = sides.side(environment).getOrDefault(key, List.of());
            if (!concerns(claim, key) || there.isEmpty()) {
                return;
            }
            Optional<Boolean> fitsHere = fits(sides.side(reference), here);
            Optional<Boolean> fitsThere =
                    crawls(comparison, environment, key) ? Optional.of(false) : fits(sides.side(environment), there);
            if (fitsHere.isPresent() && fitsThere.isPresent()) {
                Answer answer = fitsHere.get() && !fitsThere.get() ? Answer.CONFIRMED : Answer.REFUTED;
                words.add((fitsHere.get() ? "fits" : "does not fit") + " in " + reference + " and "
                        + (fitsThere.get() ? "fits" : "does not") + " in " + environment);
                List<String> ids = cells.computeIfAbsent(answer, first -> new ArrayList<>());
                here.forEach(seen -> ids.add(seen.cell().id()));
                there.forEach(seen -> ids.add(seen.cell().id()));
            }
        });
        return cells.isEmpty()
                ? new Checked(
                        claim.text(),
                        Answer.NOT_MEASURED_HERE,
                        "at " + claim.contextLength() + " tokens no cell of both tells whether it fits",
                        List.of())
                : checked(claim, cells, String.join("; ", words));
    }

    /** Whether a cell stays in VRAM; empty where that cannot be told. */
    private static Optional<Boolean> fits(Map<CellKey, List<Observation>> side, List<Observation> cells) {
        if (cells.stream().anyMatch(seen -> seen.cell().status() == Status.OOM)) {
            return Optional.of(false);
        }
        if (cells.stream()
                .anyMatch(seen -> seen.cell().status() != Status.OK
                        || (seen.cell().mean(Measure.VRAM).isEmpty()
                                && seen.cell().mean(Measure.HOST_VRAM).isEmpty()))) {
            return Optional.empty();
        }
        OptionalDouble before = side.values().stream()
                .flatMap(List::stream)
                .flatMapToDouble(seen -> seen.cell().mean(SHARED).stream())
                .min();
        OptionalDouble now = cells.stream()
                .flatMapToDouble(seen -> seen.cell().mean(SHARED).stream())
                .max();
        return Optional.of(before.isEmpty() || now.isEmpty() || now.getAsDouble() - before.getAsDouble() < SPILLED_MIB);
    }

    /** Where spilled memory is not seen its slowness is. */
    private static boolean crawls(Comparison comparison, String environment, CellKey key) {
        return comparison.differences().stream()
                .anyMatch(difference -> difference.other().equals(environment)
                        && difference.cell().equals(key)
                        && difference.measure().name().equals(Measure.SCORE)
                        && difference.measure().moreIsBetter()
                        && difference.verdict() == Verdict.WORSE
                        && difference.value() < CRAWL * difference.baseline());
    }
}
