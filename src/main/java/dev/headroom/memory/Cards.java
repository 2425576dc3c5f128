package dev.headroom.memory;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which card a model is on. */
public final class Cards {
    private static final Pattern PCI_ID =
            Pattern.compile("(?<domain>[0-9a-fA-F]{4,8}):(?<rest>[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7])");

    /**
     * {@code using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 23500 MiB free}; releases before late 2025
     * have no PCI id.
     */
    private static final Pattern USING = Pattern.compile(": using device (?<device>\\S+) \\(.*\\) ");

    private static final Pattern USING_ID = Pattern.compile("\\((?<id>[^()]*)\\) - ");

    private Cards() {}

    /** A PCI id in one spelling, {@code 0000:01:00.0}; empty where the text is none. */
    public static Optional<String> pciId(String text) {
        Matcher matcher = PCI_ID.matcher(text.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long domain = Long.parseLong(matcher.group("domain"), 16);
        return Optional.of(String.format(
                Locale.ROOT, "%04x:%s", domain, matcher.group("rest").toLowerCase(Locale.ROOT)));
    }

    /** The card that holds the model loaded last, the first where there are several, as llama.cpp's log tells it. */
    public static Optional<String> ofModel(List<String> log) {
        return using(log).flatMap(line -> group(USING_ID, line, "id")).flatMap(Cards::pciId);
    }

    /** ggml's name of the device that holds the model loaded last, the first where there are several. */
    static Optional<String> deviceOfModel(List<String> log) {
        return using(log).flatMap(line -> group(USING, line, "device"));
    }

    /** The first line of the last block that names the devices of a model. */
    private static Optional<String> using(List<String> log) {
        Optional<String> first = Optional.empty();
        boolean before = false;
        for (String line : log) {
            boolean using = USING.matcher(line).find();
            if (using && !before) {
                first = Optional.of(line);
            }
            before = using;
        }
        return first;
    }

    private static Optional<String> group(Pattern pattern, String line, String group) {
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? Optional.of(matcher.group(group)) : Optional.empty();
    }

    /**
     * Those of some gauges that are about a card, and those that are about none.
     *
     * @param card empty where it is not known: then the card of the first gauge that has one
     */
    public static <G extends Gauge> List<G> on(Optional<String> card, List<G> gauges) {
        Optional<String> there = card.or(
                () -> gauges.stream().flatMap(gauge -> gauge.card().stream()).findFirst());
        return gauges.stream()
                .filter(gauge -> gauge.card().isEmpty() || gauge.card().equals(there))
                .toList();
    }
}
