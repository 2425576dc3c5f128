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

    /** {@code using device CUDA0 (NVIDIA GeForce RTX 4090) (0000:01:00.0) - 23500 MiB free}, of releases since late 2025. */
    private static final Pattern USING = Pattern.compile(": using device \\S+ \\(.*\\) \\((?<id>[^()]*)\\) - ");

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
        Optional<String> first = Optional.empty();
        boolean before = false;
        for (String line : log) {
            Matcher matcher = USING.matcher(line);
            boolean using = matcher.find();
            if (using && !before) {
                first = pciId(matcher.group("id"));
            }
            before = using;
        }
        return first;
    }
}
