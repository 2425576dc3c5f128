package dev.headroom.memory;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Identifies graphics cards by PCI id, and finds the card that holds a model. */
public final class Cards {
    private static final Pattern PCI_ID =
            Pattern.compile("(?<domain>[0-9a-fA-F]{4,8}):(?<rest>[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7])");

    /**
     * Matches {@code using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 23500 MiB free}. Releases of
     * llama.cpp before late 2025 have no PCI id there.
     */
    private static final Pattern USING = Pattern.compile(": using device (?<device>\\S+) \\(.*\\) ");

    private static final Pattern USING_ID = Pattern.compile("\\((?<id>[^()]*)\\) - ");

    private Cards() {}

    /** The standard spelling of a PCI id: {@code 0000:01:00.0}. Empty if the text is no PCI id. */
    public static Optional<String> pciId(String text) {
        Matcher matcher = PCI_ID.matcher(text.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long domain = Long.parseLong(matcher.group("domain"), 16);
        return Optional.of(String.format(
                Locale.ROOT, "%04x:%s", domain, matcher.group("rest").toLowerCase(Locale.ROOT)));
    }

    /**
     * The PCI id of the card that holds the model loaded last. If the model is spread over several cards, the first
     * one. Empty if the log has no PCI id.
     *
     * @param log llama.cpp's log
     */
    public static Optional<String> ofModel(List<String> log) {
        return deviceLine(log).flatMap(line -> group(USING_ID, line, "id")).flatMap(Cards::pciId);
    }

    /** ggml's name of the device that holds the model loaded last, such as {@code CUDA0}. Of several, the first one. */
    static Optional<String> deviceOfModel(List<String> log) {
        return deviceLine(log).flatMap(line -> group(USING, line, "device"));
    }

    /** The first line of the last block of lines that name a model's devices. */
    private static Optional<String> deviceLine(List<String> log) {
        Optional<String> first = Optional.empty();
        boolean inBlock = false;
        for (String line : log) {
            boolean namesDevice = USING.matcher(line).find();
            if (namesDevice && !inBlock) {
                first = Optional.of(line);
            }
            inBlock = namesDevice;
        }
        return first;
    }

    private static Optional<String> group(Pattern pattern, String line, String group) {
        Matcher matcher = pattern.matcher(line);
        return matcher.find() ? Optional.of(matcher.group(group)) : Optional.empty();
    }

    /**
     * The gauges of one card, and those that measure no single card.
     *
     * @param card PCI id; null if unknown: then the card of the first gauge that has one
     */
    public static <G extends Gauge> List<G> on(@Nullable String card, List<G> gauges) {
        Optional<String> chosen = Optional.ofNullable(card)
                .or(() ->
                        gauges.stream().flatMap(gauge -> gauge.card().stream()).findFirst());
        return gauges.stream()
                .filter(gauge -> gauge.card().isEmpty() || gauge.card().equals(chosen))
                .toList();
    }
}
