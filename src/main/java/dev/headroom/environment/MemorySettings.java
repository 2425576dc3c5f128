package dev.headroom.environment;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The memory settings of a Linux kernel that change how much memory a model takes or how fast it runs. */
final class MemorySettings {
    private static final Pattern CHOSEN = Pattern.compile(".*\\[([a-z+]{1,20})].*");
    private static final Pattern ZRAM = Pattern.compile("/dev/zram[0-9]{1,3}\\s+partition\\s+([0-9]{1,15})\\s.*");

    private MemorySettings() {}

    static void putInto(Facts facts, Machine machine, List<String> meminfo) {
        String hugepages = "sys/kernel/mm/transparent_hugepage/";
        facts.put(
                "transparentHugepages",
                chosen(machine.text(hugepages + "enabled")).orElse(null));
        facts.put(
                "transparentHugepageDefrag",
                chosen(machine.text(hugepages + "defrag")).orElse(null));
        facts.put("hugepages", machine.number("proc/sys/vm/nr_hugepages"));
        facts.put("hugepageSizeKiB", Linux.kibibytes(meminfo, "Hugepagesize").orElse(null));
        facts.put("swappiness", machine.number("proc/sys/vm/swappiness"));
        facts.put("overcommitMemory", machine.number("proc/sys/vm/overcommit_memory"));
        facts.put("zswap", onOrOff(machine.text("sys/module/zswap/parameters/enabled")));
        facts.put("zramSwapMiB", zramSwapMiB(machine.lines("proc/swaps")).orElse(null));
    }

    /** Finds the choice in brackets, as in {@code always [madvise] never}. */
    static Optional<String> chosen(String choices) {
        Matcher matcher = CHOSEN.matcher(choices.strip());
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** Translates a kernel parameter that is {@code Y} or {@code N}. */
    private static @Nullable String onOrOff(String parameter) {
        return switch (parameter.strip().toUpperCase(Locale.ROOT)) {
            case "Y" -> "on";
            case "N" -> "off";
            default -> null;
        };
    }

    /** The size of all compressed swap in {@code /proc/swaps}, whose sizes are in KiB. Empty if there is none. */
    static Optional<Long> zramSwapMiB(List<String> swaps) {
        return swaps.stream()
                .map(ZRAM::matcher)
                .filter(Matcher::matches)
                .map(swap -> Long.valueOf(swap.group(1)))
                .reduce(Long::sum)
                .map(kibibytes -> kibibytes / 1024);
    }
}
