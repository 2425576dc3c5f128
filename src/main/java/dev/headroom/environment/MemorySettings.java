package dev.headroom.environment;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a Linux kernel is told to deal with memory, as far as that moves what a model takes or how fast it is. */
final class MemorySettings {
    private static final Pattern CHOSEN = Pattern.compile(".*\\[([a-z+]{1,20})].*");
    private static final Pattern ZRAM = Pattern.compile("/dev/zram[0-9]{1,3}\\s+partition\\s+([0-9]{1,15})\\s.*");

    private MemorySettings() {}

    static void putInto(Facts facts, Machine machine, List<String> meminfo) {
        facts.put("transparentHugepages", chosen(machine.text("sys/kernel/mm/transparent_hugepage/enabled")));
        facts.put("transparentHugepageDefrag", chosen(machine.text("sys/kernel/mm/transparent_hugepage/defrag")));
        facts.put("hugepages", Snapshot.number(machine.text("proc/sys/vm/nr_hugepages")));
        facts.put("hugepageSizeKiB", Linux.kibibytes(meminfo, "Hugepagesize"));
        facts.put("swappiness", Snapshot.number(machine.text("proc/sys/vm/swappiness")));
        facts.put("overcommitMemory", Snapshot.number(machine.text("proc/sys/vm/overcommit_memory")));
        facts.put("zswap", onOrOff(machine.text("sys/module/zswap/parameters/enabled")));
        facts.put("zramSwapMiB", zramSwapMiB(machine.lines("proc/swaps")));
    }

    /** The choice in brackets: {@code always [madvise] never}. */
    static Optional<String> chosen(String choices) {
        Matcher matcher = CHOSEN.matcher(choices.strip());
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** A kernel parameter that is {@code Y} or {@code N}. */
    private static Optional<String> onOrOff(String parameter) {
        return switch (parameter.strip().toUpperCase(Locale.ROOT)) {
            case "Y" -> Optional.of("on");
            case "N" -> Optional.of("off");
            default -> Optional.empty();
        };
    }

    /** What of {@code /proc/swaps}, which is in KiB, is compressed memory; empty where none is. */
    static OptionalLong zramSwapMiB(List<String> swaps) {
        List<Long> sizes = swaps.stream()
                .map(ZRAM::matcher)
                .filter(Matcher::matches)
                .map(swap -> Long.valueOf(swap.group(1)))
                .toList();
        return sizes.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(sizes.stream().mapToLong(Long::longValue).sum() / 1024);
    }
}
