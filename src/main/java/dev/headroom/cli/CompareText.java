package dev.headroom.cli;

import dev.headroom.OneLine;
import dev.headroom.compare.CellKey;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Difference;
import dev.headroom.compare.Measure;
import dev.headroom.compare.Range;
import dev.headroom.compare.SideBySide;
import dev.headroom.compare.Tax;
import dev.headroom.compare.Verdict;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What {@code compare} prints: the answer first, then the cells, then what was not compared. As text or as Markdown.
 */
final class CompareText {
    private static final int MOST_ROWS = 200;
    private static final int MOST_SIDES = 10;
    private static final int MOST_REASONS = 20;
    private static final int MOST_IDS = 5;
    private static final int HARDLY_ANYTHING = 100;
    private static final int NEXT_TO_NOTHING = -90;

    /** The parts of a waterfall, as somebody says it who asks what a system costs. */
    private static final Map<String, String> PARTS = Map.of(
            "reserved", "driver's reserve",
            "others", "desktop and other programs",
            "context", "driver context",
            "kv", "KV cache",
            "compute", "compute buffers",
            "java", "JVM",
            "backend", "libraries of llama.cpp and the driver",
            "residual", "not explained (virtualization, fragmentation)");

    private final Comparison comparison;
    private final List<String> varying;
    private final boolean severalOthers;

    CompareText(Comparison comparison) {
        this.comparison = comparison;
        this.varying = varying(comparison.differences().stream()
                .map(Difference::cell)
                .distinct()
                .toList());
        this.severalOthers = comparison.others().size() > 1;
    }

    /**
     * A piece of the answer.
     *
     * @param lines in front of the table
     * @param rows of a table, the header first; none: no table
     */
    record Block(String title, List<String> lines, List<List<String>> rows) {}

    String text() {
        StringBuilder text = new StringBuilder();
        for (Block block : blocks()) {
            text.append(text.isEmpty() ? "" : "\n").append(block.title).append('\n');
            block.lines.forEach(line -> text.append("  ").append(line).append('\n'));
            text.append(block.rows.isEmpty() ? "" : Output.table(block.rows));
        }
        return text.toString();
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        for (Block block : blocks()) {
            text.append(text.isEmpty() ? "## " : "\n### ").append(block.title).append("\n\n");
            block.lines.forEach(line -> text.append(line.startsWith(" ") ? "  - " : "- ")
                    .append(escaped(line.strip()))
                    .append('\n'));
            for (int i = 0; i < block.rows.size(); i++) {
                List<String> row = block.rows.get(i);
                text.append(i == 0 && !block.lines.isEmpty() ? "\n" : "")
                        .append(row.stream()
                                .map(CompareText::escaped)
                                .collect(Collectors.joining(" | ", "| ", " |\n")));
                text.append(i == 0 ? "|" + " --- |".repeat(row.size()) + "\n" : "");
            }
        }
        return text.toString();
    }

    /** Text that Markdown does not read as markup of tables and tags. */
    static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;");
    }

    private List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        List<String> others = shown();
        others.forEach(other -> blocks.add(answer(other)));
        int hidden = comparison.others().size() - others.size();
        if (hidden > 0) {
            blocks.add(new Block(
                    hidden + " more against " + comparison.baseline(),
                    List.of("those with the most differences are above; --csv and --json have all"),
                    List.of()));
        }
        blocks.add(cells("Speed and memory", Difference::headline));
        blocks.add(cells("Other figures that differ", difference -> !difference.headline() && difference.found()));
        others.forEach(other -> largest(other).ifPresent(each -> blocks.add(waterfall(each))));
        blocks.add(notCompared());
        blocks.add(footnotes());
        return blocks.stream()
                .filter(block -> !block.lines.isEmpty() || block.rows.size() > 1)
                .map(block -> new Block(
                        clean(block.title),
                        block.lines.stream().map(CompareText::clean).toList(),
                        block.rows.stream()
                                .map(row -> row.stream().map(CompareText::clean).toList())
                                .toList()))
                .toList();
    }

    /** All others; of many those of which most was found to differ. */
    private List<String> shown() {
        if (comparison.others().size() <= MOST_SIDES) {
            return comparison.others();
        }
        Map<String, Long> found = comparison.differences().stream()
                .filter(difference -> difference.headline() && difference.found())
                .collect(Collectors.groupingBy(Difference::other, Collectors.counting()));
        return comparison.others().stream()
                .sorted(Comparator.comparing(other -> -found.getOrDefault(other, 0L)))
                .limit(MOST_SIDES)
                .toList();
    }

    private static String clean(String text) {
        return OneLine.of(text, " ");
    }

    // the answer

    private Block answer(String other) {
        List<String> lines = new ArrayList<>();
        for (String memory : List.of("vram", "ram")) {
            List<Tax> taxes = comparison.taxes().stream()
                    .filter(tax -> tax.other().equals(other) && tax.memory().equals(memory))
                    .toList();
            if (!taxes.isEmpty()) {
                lines.addAll(taxes(memory, taxes));
            }
        }
        Map<String, List<Difference>> scores = comparison.differences().stream()
                .filter(difference -> difference.other().equals(other)
                        && difference.headline()
                        && !difference.measure().ofMemory())
                .collect(Collectors.groupingBy(
                        difference -> difference.measure().unit(), LinkedHashMap::new, Collectors.toList()));
        scores.forEach((unit, all) -> lines.add(summary(unit, all)));
        List<Difference> energy = comparison.differences().stream()
                .filter(difference -> difference.other().equals(other)
                        && difference.measure().name().equals(Measure.ENERGY))
                .toList();
        if (!energy.isEmpty()) {
            lines.add(summary("energy a token", energy));
        }
        if (lines.isEmpty()) {
            lines.add("nothing could be compared");
        }
        return new Block(other + " against " + comparison.baseline(), lines, List.of());
    }

    private List<String> taxes(String memory, List<Tax> taxes) {
        String name = memory.toUpperCase(Locale.ROOT);
        List<String> lines = new ArrayList<>();
        lines.add(name + ": " + middle(taxes.stream().map(Tax::mib).toList(), "MiB") + ": "
                + verdicts(taxes.stream().map(Tax::verdict).toList()));
        List<Tax> found = taxes.stream()
                .filter(tax -> tax.verdict() == Verdict.WORSE || tax.verdict() == Verdict.BETTER)
                .toList();
        List<Double> percents =
                found.stream().map(Tax::percentOfTotal).filter(Objects::nonNull).toList();
        if (!percents.isEmpty()) {
            lines.add("    " + middle(percents, "%") + " of the "
                    + (memory.equals("vram") ? "card" : "machine") + "'s "
                    + RunText.significant(Objects.requireNonNull(found.get(0).totalMib())) + " MiB");
        }
        found.stream()
                .filter(tax -> tax.tokens() != null)
                .collect(Collectors.groupingBy(
                        tax -> tax.cell().params().getOrDefault("model", ""), LinkedHashMap::new, Collectors.toList()))
                .forEach((model, all) -> {
                    Tax longest = all.get(all.size() - 1);
                    lines.add("    "
                            + middle(
                                    all.stream()
                                            .map(Tax::tokens)
                                            .filter(Objects::nonNull)
                                            .toList(),
                                    "tokens")
                            + " of context of " + model + ", at "
                            + RunText.significant(Objects.requireNonNull(longest.mibPerToken())) + " MiB a token ("
                            + longest.source() + ")");
                });
        return lines;
    }

    private static String summary(String unit, List<Difference> scores) {
        List<Double> percents = scores.stream()
                .map(Difference::percent)
                .filter(Objects::nonNull)
                .toList();
        return unit + ": " + middle(percents, "%") + ": "
                + verdicts(scores.stream().map(Difference::verdict).toList());
    }

    /** The median of cells, and the range if there are several. */
    private static String middle(List<Double> values, String unit) {
        if (values.isEmpty()) {
            return "-";
        }
        List<Double> sorted = values.stream().sorted().toList();
        double median = (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
        String range = sorted.size() == 1
                ? ""
                : " (" + signed(sorted.get(0)) + " to " + signed(sorted.get(sorted.size() - 1)) + ")";
        return signed(median) + " " + unit + range;
    }

    private static String verdicts(List<Verdict> verdicts) {
        return Stream.of(Verdict.values())
                .filter(verdicts::contains)
                .map(verdict -> verdict.text() + " in "
                        + verdicts.stream().filter(verdict::equals).count() + " of " + verdicts.size())
                .collect(Collectors.joining(", "));
    }

    // the cells

    private static List<String> varying(Collection<CellKey> cells) {
        Map<String, Set<String>> values = new LinkedHashMap<>();
        cells.forEach(cell -> cell.params()
                .forEach((name, value) -> values.computeIfAbsent(name, first -> new LinkedHashSet<>())
                        .add(value)));
        return values.entrySet().stream()
                .filter(param -> param.getValue().size() > 1 || param.getKey().equals("contextLength"))
                .map(Map.Entry::getKey)
                .toList();
    }

    private Block cells(String title, Predicate<Difference> which) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>();
        if (severalOthers) {
            header.add(comparison.by().text());
        }
        header.add("benchmark");
        header.addAll(varying);
        header.addAll(List.of(
                "figure",
                comparison.baseline(),
                severalOthers ? "there" : comparison.others().get(0),
                "difference",
                "interval",
                "sees from",
                "verdict"));
        rows.add(header);
        List<Difference> all = comparison.differences().stream().filter(which).toList();
        boolean tooMany = all.size() > MOST_ROWS;
        all.stream()
                .sorted(Comparator.comparing(difference -> tooMany && !difference.found()))
                .limit(MOST_ROWS)
                .forEach(difference -> rows.add(row(difference)));
        List<String> lines = tooMany
                ? List.of(MOST_ROWS + " of " + all.size() + ", those that differ first; --csv and --json have all")
                : List.of();
        return new Block(title, rows.size() > 1 ? lines : List.of(), rows);
    }

    private List<String> row(Difference difference) {
        List<String> row = new ArrayList<>();
        if (severalOthers) {
            row.add(difference.other());
        }
        row.add(difference.cell().benchmark());
        varying.forEach(name -> row.add(difference.cell().params().getOrDefault(name, "")));
        row.add(figure(difference));
        row.add(RunText.significant(difference.baseline()));
        row.add(RunText.significant(difference.value()));
        row.add(amount(difference));
        row.add(interval(difference));
        row.add(smallest(difference));
        row.add(verdict(difference));
        return row;
    }

    private static String figure(Difference difference) {
        String name = difference.measure().name();
        String unit = difference.measure().unit();
        return name.equals("score") ? unit : name.replace("·", "") + " " + unit;
    }

    private static String amount(Difference difference) {
        String percent = difference.percent() == null ? "" : signed(difference.percent()) + " %";
        if (!difference.measure().ofMemory()) {
            return percent.isEmpty() ? signed(difference.difference()) : percent;
        }
        return signed(difference.difference()) + " MiB" + (percent.isEmpty() ? "" : ", " + percent);
    }

    private static String interval(Difference difference) {
        Range range = difference.interval();
        if (range == null) {
            return "-";
        }
        if (difference.measure().ofMemory() || difference.percent() == null) {
            return signed(range.low()) + " to " + signed(range.high());
        }
        double low = 100 * range.low() / difference.baseline();
        double high = 100 * range.high() / difference.baseline();
        if (high <= 10 * HARDLY_ANYTHING) {
            return signed(low) + " to " + signed(high) + " %";
        }
        return low < NEXT_TO_NOTHING ? "anything" : "above " + signed(low) + " %";
    }

    private static String verdict(Difference difference) {
        String words = difference.verdict().text();
        if (difference.why() != null) {
            return words + ": " + difference.why();
        }
        return difference.verdict() == Verdict.NO_DIFFERENCE ? words + " above " + bound(difference) : words;
    }

    private static String bound(Difference difference) {
        double farthest = Objects.requireNonNull(difference.interval()).farthest();
        return difference.measure().ofMemory() || difference.percent() == null
                ? RunText.significant(farthest) + " " + difference.measure().unit()
                : RunText.significant(100 * farthest / difference.baseline()) + " %";
    }

    private static String smallest(Difference difference) {
        if (difference.smallest() == null) {
            return "-";
        }
        if (difference.smallestPercent() != null && difference.smallestPercent() > HARDLY_ANYTHING) {
            return "over " + HARDLY_ANYTHING + " %";
        }
        return difference.measure().ofMemory() || difference.smallestPercent() == null
                ? RunText.significant(difference.smallest()) + " "
                        + difference.measure().unit()
                : RunText.significant(difference.smallestPercent()) + " %";
    }

    static String signed(double value) {
        String text = RunText.significant(value);
        return value > 0 ? "+" + text : text;
    }

    // where it comes from

    private Optional<SideBySide> largest(String other) {
        return comparison.waterfalls().stream()
                .filter(each -> each.other().equals(other) && each.parts().containsKey("peak"))
                .max(Comparator.comparingDouble(
                        each -> Objects.requireNonNull(each.parts().get("peak")).baseline()));
    }

    private Block waterfall(SideBySide cell) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("", comparison.baseline(), cell.other(), "difference"));
        cell.parts()
                .forEach((part, mib) -> rows.add(List.of(
                        PARTS.getOrDefault(part, part),
                        mib(mib.baseline()),
                        mib(mib.value()),
                        String.format(Locale.ROOT, "%+.1f", mib.difference()))));
        return new Block(
                "Where the peak " + cell.memory().toUpperCase(Locale.ROOT) + " went, in MiB: " + name(cell.cell()),
                List.of(),
                rows);
    }

    private String name(CellKey cell) {
        return Stream.concat(
                        Stream.of(cell.benchmark()),
                        varying.stream()
                                .filter(cell.params()::containsKey)
                                .map(param -> param + " " + cell.params().get(param)))
                .collect(Collectors.joining(", "));
    }

    private static String mib(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    // what was not compared, and how it was

    private Block notCompared() {
        List<String> lines = new ArrayList<>();
        grouped(
                        comparison.incomparable(),
                        each -> (each.measure().isEmpty() ? "" : each.measure().replace("·", "") + ": ")
                                + each.reason(),
                        Incomparable::ids)
                .forEach((reason, ids) -> lines.add(reason + ": " + some(ids)));
        grouped(
                        comparison.alone(),
                        each -> "in " + each.side() + " and not in " + each.missing()
                                + (each.nearest().isEmpty() ? "" : ", which has it with " + each.nearest()),
                        each -> List.of(each.id()))
                .forEach((where, ids) -> lines.add(where + ": " + some(ids)));
        if (lines.size() > MOST_REASONS) {
            int more = lines.size() - MOST_REASONS;
            lines.subList(MOST_REASONS, lines.size()).clear();
            lines.add("and " + more + " more lines like these; --json has all");
        }
        return new Block("Not compared", lines, List.of());
    }

    private static <T> Map<String, List<String>> grouped(
            List<T> all, Function<T, String> by, Function<T, List<String>> ids) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        all.forEach(each -> groups.computeIfAbsent(by.apply(each), first -> new ArrayList<>())
                .addAll(ids.apply(each)));
        return groups;
    }

    private static String some(List<String> ids) {
        List<String> all = ids.stream().distinct().toList();
        return all.stream().limit(MOST_IDS).collect(Collectors.joining(", "))
                + (all.size() > MOST_IDS ? " and " + (all.size() - MOST_IDS) + " more" : "");
    }

    private Block footnotes() {
        List<Difference> differences = comparison.differences();
        if (differences.isEmpty()) {
            return new Block("", List.of(), List.of());
        }
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "of %d other figures: %s; --csv and --json have them",
                comparison.rest().size(),
                verdicts(differences.stream()
                        .filter(difference -> !difference.headline())
                        .map(Difference::verdict)
                        .toList())));
        lines.add("replicated: "
                + differences.stream()
                        .collect(Collectors.groupingBy(
                                Difference::unit,
                                LinkedHashMap::new,
                                Collectors.mapping(Difference::units, Collectors.toCollection(TreeSet::new))))
                        .entrySet()
                        .stream()
                        .map(unit -> unit.getKey() + ", "
                                + unit.getValue().stream().map(String::valueOf).collect(Collectors.joining(" or "))
                                + " a cell")
                        .collect(Collectors.joining("; ")));
        meters(differences).ifPresent(lines::add);
        noise(differences).ifPresent(lines::add);
        lines.add("intervals hold with " + level(comparison.headlines()) + " for speed and memory and with "
                + level(comparison.rest()) + " for the rest: at most 5 % for one false verdict or more among all "
                + (comparison.headlines().size() + comparison.rest().size()) + " (docs/statistics.md)");
        return new Block("How this was judged", lines, List.of());
    }

    /** What stands behind the figures in the tables. */
    private static Optional<String> meters(List<Difference> differences) {
        Map<String, Set<String>> names = new LinkedHashMap<>();
        for (Difference difference : differences) {
            String meter = difference.meter();
            if (meter != null && (difference.headline() || difference.found())) {
                names.computeIfAbsent(meter, first -> new LinkedHashSet<>())
                        .add(difference.measure().name().replace("·", ""));
            }
        }
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(names.entrySet().stream()
                        .map(each -> String.join(", ", each.getValue()) + " by " + each.getKey())
                        .collect(Collectors.joining("; ", "metered: ", "")));
    }

    private static Optional<String> noise(List<Difference> differences) {
        List<CellKey> cells =
                differences.stream().map(Difference::cell).distinct().toList();
        List<Difference> noisy = differences.stream()
                .filter(difference -> !difference.noise().isEmpty())
                .toList();
        if (noisy.isEmpty()) {
            return Optional.empty();
        }
        String kinds = noisy.stream()
                .flatMap(difference -> Stream.of(difference.noise().split(" ")))
                .distinct()
                .collect(Collectors.joining(", "));
        return Optional.of("disturbed by " + kinds + ": "
                + noisy.stream().map(Difference::cell).distinct().count() + " of " + cells.size()
                + " cells; run --strict measures without");
    }

    private static String level(Comparison.Family family) {
        int decimals = Math.max(3, (int) Math.ceil(-Math.log10(family.level())));
        return String.format(Locale.ROOT, "%." + decimals + "f %%", 100 * (1 - family.level()));
    }
}
