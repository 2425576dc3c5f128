package dev.headroom.compare;

import dev.headroom.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How much worse figures may become: {@code vram=5%,tokens=-3%}. */
public final class Limits {
    private static final Pattern LIMIT = Pattern.compile(
            "\\s*(?<figure>[a-z0-9.]{1,60})\\s*=\\s*(?<amount>[-+]?[0-9]{1,9}(\\.[0-9]{1,9})?)\\s*(?<unit>%|MiB)\\s*");

    private final List<Limit> limits;

    private Limits(List<Limit> limits) {
        this.limits = limits;
    }

    /**
     * A limit.
     *
     * @param most the difference that is allowed, in the figure's bad direction; the sign says nothing more
     * @param unit % or MiB
     */
    private record Limit(String text, String figure, double most, String unit) {
        /** Only what was found counts. */
        boolean isPassed(Difference difference) {
            Double amount = amount(difference);
            return difference.verdict() == Verdict.WORSE && amount != null && Math.abs(amount) > Math.abs(most);
        }

        private @Nullable Double amount(Difference difference) {
            if (unit.equals("%")) {
                return difference.percent();
            }
            return difference.measure().ofMemory() ? Double.valueOf(difference.difference()) : null;
        }
    }

    /**
     * Reads limits.
     *
     * @throws BadInput if it is not a list of limits
     */
    public static Limits of(String text) {
        List<Limit> limits = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            Matcher matcher = LIMIT.matcher(each);
            if (!matcher.matches()) {
                throw new BadInput("--fail-above " + text + ": "
                        + (each.isBlank() ? "a limit is missing" : "\"" + each.strip() + "\" is none")
                        + "; write figure=amount with % or MiB, such as vram=5%,tokens=-3%.");
            }
            limits.add(new Limit(
                    each.strip(),
                    matcher.group("figure"),
                    Double.parseDouble(matcher.group("amount")),
                    matcher.group("unit")));
        }
        return new Limits(limits);
    }

    /**
     * A sentence for each figure of a cell that passed a limit.
     *
     * @throws BadInput if a limit is for something that there is not
     */
    public List<String> passed(Comparison comparison) {
        List<String> passed = new ArrayList<>();
        for (Limit limit : limits) {
            Predicate<Measure> figure = figure(limit, comparison);
            comparison.differences().stream()
                    .filter(difference -> figure.test(difference.measure()) && limit.isPassed(difference))
                    .forEach(difference -> passed.add(String.format(
                            Locale.ROOT,
                            "%s: %s is %+.2f %s in %s",
                            limit.text,
                            difference.measure().name().replace("·", ""),
                            Objects.requireNonNull(limit.amount(difference)),
                            limit.unit,
                            String.join(", ", difference.ids()))));
        }
        return passed;
    }

    /** The limits of figures that nothing was compared of: they hold nothing. */
    public List<String> idle(Comparison comparison) {
        return limits.stream()
                .filter(limit -> comparison.differences().stream()
                        .noneMatch(difference -> figure(limit, comparison).test(difference.measure())
                                && limit.amount(difference) != null))
                .map(Limit::text)
                .toList();
    }

    private static Predicate<Measure> figure(Limit limit, Comparison comparison) {
        return Figures.named("--fail-above " + limit.text, limit.figure, comparison.differences());
    }
}
