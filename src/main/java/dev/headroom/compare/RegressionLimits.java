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

/** Limits on how much worse metrics may become: {@code vram=5%,tokens=-3%}. */
public final class RegressionLimits {
    private static final Pattern LIMIT = Pattern.compile(
            "\\s*(?<metric>[a-z0-9.]{1,60})\\s*=\\s*(?<amount>[-+]?[0-9]{1,9}(\\.[0-9]{1,9})?)\\s*(?<unit>%|MiB)\\s*");

    private final List<Limit> limits;

    private RegressionLimits(List<Limit> limits) {
        this.limits = limits;
    }

    /**
     * A limit on one metric.
     *
     * @param most the largest allowed difference in the bad direction; the sign is ignored
     * @param unit % or MiB
     */
    private record Limit(String text, String metric, double most, String unit) {
        /** Only differences with the verdict worse exceed a limit. */
        boolean isExceeded(Difference difference) {
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
     * Parses limits.
     *
     * @throws BadInput if the text is not a list of limits
     */
    public static RegressionLimits of(String text) {
        List<Limit> limits = new ArrayList<>();
        for (String each : text.split(",", -1)) {
            Matcher matcher = LIMIT.matcher(each);
            if (!matcher.matches()) {
                throw new BadInput("--fail-above " + text + ": "
                        + (each.isBlank() ? "empty limit" : "no limit \"" + each.strip() + "\"")
                        + ": write metric=amount with % or MiB, such as vram=5%,tokens=-3%.");
            }
            limits.add(new Limit(
                    each.strip(),
                    matcher.group("metric"),
                    Double.parseDouble(matcher.group("amount")),
                    matcher.group("unit")));
        }
        return new RegressionLimits(limits);
    }

    /**
     * One text for each difference that exceeds a limit.
     *
     * @throws BadInput if no compared metric has a limit's name
     */
    public List<String> exceeded(Comparison comparison) {
        List<String> exceeded = new ArrayList<>();
        for (Limit limit : limits) {
            Predicate<Measure> metric = metric(limit, comparison);
            comparison.differences().stream()
                    .filter(difference -> metric.test(difference.measure()) && limit.isExceeded(difference))
                    .forEach(difference -> exceeded.add(String.format(
                            Locale.ROOT,
                            "%s: %s is %+.2f %s in %s",
                            limit.text,
                            difference.measure().plainName(),
                            Objects.requireNonNull(limit.amount(difference)),
                            limit.unit,
                            String.join(", ", difference.ids()))));
        }
        return exceeded;
    }

    /** The limits that have no effect, as no such metric was compared. */
    public List<String> unused(Comparison comparison) {
        return limits.stream()
                .filter(limit -> comparison.differences().stream()
                        .noneMatch(difference -> metric(limit, comparison).test(difference.measure())
                                && limit.amount(difference) != null))
                .map(Limit::text)
                .toList();
    }

    private static Predicate<Measure> metric(Limit limit, Comparison comparison) {
        return MetricNames.named("--fail-above " + limit.text, limit.metric, comparison.differences());
    }
}
