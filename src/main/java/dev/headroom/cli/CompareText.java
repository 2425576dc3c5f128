package dev.headroom.cli;

import dev.headroom.OneLine;
import dev.headroom.compare.CellKey;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Comparison.Incomparable;
import dev.headroom.compare.Difference;
import dev.headroom.compare.Measure;
import dev.headroom.compare.MemoryImpact;
import dev.headroom.compare.Range;
import dev.headroom.compare.Verdict;
import dev.headroom.compare.WaterfallComparison;
import dev.headroom.plan.Parameter;
import java.util.ArrayList;
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
import org.jspecify.annotations.Nullable;

/** The report of {@code compare} as text or Markdown: summary, cells, and what was not compared. */
final class CompareText {
    private static final int MOST_ROWS = 200;
    private static final int MOST_GROUPS = 10;
    private static final int MOST_REASONS = 20;
    private static final int MOST_IDS = 5;
    private static final int LARGEST_SHOWN_PERCENT = 100;
    private static final int SMALLEST_SHOWN_PERCENT = -90;

    /** Names for the parts of a waterfall; other parts keep their own. */
    private static final Map<String, String> PARTS = Map.of(
            "reserved", "reserved by the driver",
            "others", "desktop and other programs",
            "context", "driver context",
            "kv", "KV cache",
            "compute", "compute buffers",
            "java", "JVM",
            "backend", "llama.cpp and driver libraries",
            "residual", "unexplained (virtualization, fragmentation)");

    private final Comparison comparison;
    private final List<String> varying;
    private final boolean severalOthers;

    CompareText(Comparison comparison) {
        this.comparison = comparison;
        this.varying = Parameter.shown(comparison.differences().stream()
                .map(difference -> difference.cell().params())
                .distinct()
                .toList());
        this.severalOthers = comparison.others().size() > 1;
    }

    /**
     * A section of the report.
     *
     * @param lines text before the table
     * @param rows rows of the table, the header first; empty: no table
     */
    record Section(String title, List<String> lines, List<List<String>> rows) {}

    String text() {
        StringBuilder text = new StringBuilder();
        for (Section section : sections()) {
            text.append(text.isEmpty() ? "" : "\n").append(section.title).append('\n');
            section.lines.forEach(line -> text.append("  ").append(line).append('\n'));
            text.append(section.rows.isEmpty() ? "" : Output.table(section.rows));
        }
        return text.toString();
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        for (Section section : sections()) {
            text.append(text.isEmpty() ? "## " : "\n### ").append(section.title).append("\n\n");
            section.lines.forEach(line -> text.append(line.startsWith(" ") ? "  - " : "- ")
                    .append(escaped(line.strip()))
                    .append('\n'));
            for (int i = 0; i < section.rows.size(); i++) {
                List<String> row = section.rows.get(i);
                text.append(i == 0 && !section.lines.isEmpty() ? "\n" : "")
                        .append(row.stream()
                                .map(CompareText::escaped)
                                .collect(Collectors.joining(" | ", "| ", " |\n")));
                text.append(i == 0 ? "|" + " --- |".repeat(row.size()) + "\n" : "");
            }
        }
        return text.toString();
    }

    /** Escapes backslashes, table borders and tags for Markdown. */
    static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;");
    }

    private List<Section> sections() {
        List<Section> sections = new ArrayList<>();
        List<String> others = shown();
        others.forEach(other -> sections.add(summary(other)));
        int hidden = comparison.others().size() - others.size();
        if (hidden > 0) {
            sections.add(new Section(
                    hidden + " more not shown",
                    List.of("The ones with the most differences are shown above. Use --csv or --json for all."),
                    List.of()));
        }
        sections.add(cells("Speed and memory", Difference::headline));
        sections.add(cells(
                "Other metrics that differ",
                difference -> !difference.headline() && difference.verdict().found()));
        others.forEach(other -> largest(other).ifPresent(each -> sections.add(waterfall(each))));
        sections.add(notCompared());
        sections.add(footnotes());
        return sections.stream()
                .filter(section -> !section.lines.isEmpty() || section.rows.size() > 1)
                .map(section -> new Section(
                        clean(section.title),
                        section.lines.stream().map(CompareText::clean).toList(),
                        section.rows.stream()
                                .map(row -> row.stream().map(CompareText::clean).toList())
                                .toList()))
                .toList();
    }

    /** The groups to show: if there are many, the ones with the most differences. */
    private List<String> shown() {
        if (comparison.others().size() <= MOST_GROUPS) {
            return comparison.others();
        }
        Map<String, Long> found = comparison.differences().stream()
                .filter(difference ->
                        difference.headline() && difference.verdict().found())
                .collect(Collectors.groupingBy(Difference::other, Collectors.counting()));
        return comparison.others().stream()
                .sorted(Comparator.comparing(other -> -found.getOrDefault(other, 0L)))
                .limit(MOST_GROUPS)
                .toList();
    }

    private static String clean(String text) {
        return OneLine.of(text, " ");
    }

    private Section summary(String other) {
        List<String> lines = new ArrayList<>();
        for (String memory : List.of("vram", "ram")) {
            List<MemoryImpact> impacts = comparison.impacts().stream()
                    .filter(impact ->
                            impact.other().equals(other) && impact.memory().equals(memory))
                    .toList();
            if (!impacts.isEmpty()) {
                lines.addAll(impacts(memory, impacts));
            }
        }
        List<Difference> differences = comparison.differences().stream()
                .filter(difference -> difference.other().equals(other))
                .toList();
        Map<String, List<Difference>> scores = differences.stream()
                .filter(difference ->
                        difference.headline() && !difference.measure().ofMemory())
                .collect(Collectors.groupingBy(
                        difference -> difference.measure().unit(), LinkedHashMap::new, Collectors.toList()));
        scores.forEach((unit, all) -> lines.add(summary(unit, all)));
        List<Difference> energy = differences.stream()
                .filter(difference -> difference.measure().name().equals(Measure.ENERGY))
                .toList();
        if (!energy.isEmpty()) {
            lines.add(summary("energy per token", energy));
        }
        if (lines.isEmpty()) {
            lines.add("No cell could be compared.");
        }
        return new Section(other + " compared with " + comparison.baseline(), lines, List.of());
    }

    private List<String> impacts(String memory, List<MemoryImpact> impacts) {
        String name = memory.toUpperCase(Locale.ROOT);
        List<String> lines = new ArrayList<>();
        lines.add(name + ": " + median(impacts.stream().map(MemoryImpact::mib).toList(), "MiB") + "; "
                + verdicts(impacts.stream().map(MemoryImpact::verdict).toList()) + " cells");
        if (memory.equals("vram")) {
            part(impacts, Measure.VRAM_BASELINE).ifPresent(mib -> lines.add("    before anything ran: " + mib));
            part(impacts, Measure.ADDED_VRAM).ifPresent(mib -> lines.add("    added by the model's process: " + mib));
        }
        List<MemoryImpact> found =
                impacts.stream().filter(impact -> impact.verdict().found()).toList();
        List<Double> percents = found.stream()
                .map(MemoryImpact::percentOfTotal)
                .filter(Objects::nonNull)
                .toList();
        if (!percents.isEmpty()) {
            lines.add("    " + median(percents, "%") + " of the "
                    + (memory.equals("vram") ? "card" : "machine") + "'s "
                    + RunText.significant(Objects.requireNonNull(found.get(0).totalMib())) + " MiB");
        }
        found.stream()
                .filter(impact -> impact.tokens() != null)
                .collect(Collectors.groupingBy(
                        impact -> impact.cell().params().getOrDefault("model", ""),
                        LinkedHashMap::new,
                        Collectors.toList()))
                .forEach((model, all) -> {
                    MemoryImpact longest = all.get(all.size() - 1);
                    lines.add("    "
                            + median(
                                    all.stream()
                                            .map(MemoryImpact::tokens)
                                            .filter(Objects::nonNull)
                                            .toList(),
                                    "tokens")
                            + " of context of " + model + ", at "
                            + RunText.significant(Objects.requireNonNull(longest.mibPerToken())) + " MiB per token ("
                            + longest.source() + ")");
                });
        return lines;
    }

    /** The median difference of a part of the memory, over the cells of impacts. */
    private Optional<String> part(List<MemoryImpact> impacts, String name) {
        List<Double> differences = comparison.differences().stream()
                .filter(difference -> difference.measure().name().equals(name)
                        && impacts.stream()
                                .anyMatch(impact -> impact.other().equals(difference.other())
                                        && impact.cell().equals(difference.cell())))
                .map(Difference::difference)
                .toList();
        return differences.isEmpty() ? Optional.empty() : Optional.of(median(differences, "MiB"));
    }

    private static String summary(String unit, List<Difference> scores) {
        List<Double> percents = scores.stream()
                .map(Difference::percent)
                .filter(Objects::nonNull)
                .toList();
        return unit + ": " + median(percents, "%") + "; "
                + verdicts(scores.stream().map(Difference::verdict).toList()) + " cells";
    }

    /** The only value, or the median and the range of several. */
    private static String median(List<Double> values, String unit) {
        if (values.isEmpty()) {
            return "-";
        }
        List<Double> sorted = values.stream().sorted().toList();
        double median = (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
        String text = signed(median) + " " + unit;
        return sorted.size() == 1
                ? text
                : "median " + text + " (" + signed(sorted.get(0)) + " to " + signed(sorted.get(sorted.size() - 1))
                        + ")";
    }

    private static String verdicts(List<Verdict> verdicts) {
        return Stream.of(Verdict.values())
                .filter(verdicts::contains)
                .map(verdict -> verdict.text() + " in "
                        + verdicts.stream().filter(verdict::equals).count() + " of " + verdicts.size())
                .collect(Collectors.joining(", "));
    }

    private Section cells(String title, Predicate<Difference> which) {
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>();
        if (severalOthers) {
            header.add(comparison.by().toString());
        }
        header.add("benchmark");
        header.addAll(varying);
        header.addAll(List.of(
                "metric",
                comparison.baseline(),
                severalOthers ? "other" : comparison.others().get(0),
                "difference",
                "interval",
                "detectable",
                "verdict"));
        rows.add(header);
        List<Difference> all = comparison.differences().stream().filter(which).toList();
        boolean tooMany = all.size() > MOST_ROWS;
        all.stream()
                .sorted(Comparator.comparing(
                        difference -> tooMany && !difference.verdict().found()))
                .limit(MOST_ROWS)
                .forEach(difference -> rows.add(row(difference)));
        List<String> lines = tooMany
                ? List.of("Shows " + MOST_ROWS + " of " + all.size()
                        + " rows, differences first. Use --csv or --json for all.")
                : List.of();
        return new Section(title, rows.size() > 1 ? lines : List.of(), rows);
    }

    private List<String> row(Difference difference) {
        List<String> row = new ArrayList<>();
        if (severalOthers) {
            row.add(difference.other());
        }
        row.add(difference.cell().benchmark());
        varying.forEach(name -> row.add(difference.cell().params().getOrDefault(name, "")));
        row.add(metric(difference));
        row.add(RunText.significant(difference.baseline()));
        row.add(RunText.significant(difference.value()));
        row.add(amount(difference));
        row.add(interval(difference));
        row.add(detectable(difference));
        row.add(verdict(difference));
        return row;
    }

    private static String metric(Difference difference) {
        Measure measure = difference.measure();
        return measure.name().equals(Measure.SCORE) ? measure.unit() : measure.plainName() + " " + measure.unit();
    }

    private static String amount(Difference difference) {
        String percent = difference.percent() == null ? "" : signed(difference.percent()) + " %";
        if (!difference.measure().ofMemory()) {
            return percent.isEmpty() ? signed(difference.difference()) : percent;
        }
        return (difference.atLeast() ? "at least " : "") + signed(difference.difference()) + " MiB"
                + (percent.isEmpty() ? "" : ", " + percent);
    }

    private static String interval(Difference difference) {
        Range range = difference.interval();
        if (range == null) {
            return "-";
        }
        if (difference.measure().ofMemory() || difference.percent() == null) {
            return signed(range.low()) + " to " + signed(range.high());
        }
        double low = difference.percentOf(range.low());
        double high = difference.percentOf(range.high());
        if (high <= 10 * LARGEST_SHOWN_PERCENT) {
            return signed(low) + " to " + signed(high) + " %";
        }
        return low < SMALLEST_SHOWN_PERCENT ? "too wide" : "above " + signed(low) + " %";
    }

    private static String verdict(Difference difference) {
        String text = difference.verdict().text();
        if (difference.why() != null) {
            return text + " (" + difference.why() + ")";
        }
        return difference.verdict() == Verdict.NO_DIFFERENCE ? text + " above " + bound(difference) : text;
    }

    private static String bound(Difference difference) {
        double farthest = Objects.requireNonNull(difference.interval()).farthest();
        Double percent = difference.percent() == null ? null : Double.valueOf(difference.percentOf(farthest));
        return size(difference.measure(), farthest, percent);
    }

    private static String detectable(Difference difference) {
        Double detectable = difference.detectable();
        Double percent = difference.detectablePercent();
        if (detectable == null) {
            return "-";
        }
        return percent != null && percent > LARGEST_SHOWN_PERCENT
                ? "over " + LARGEST_SHOWN_PERCENT + " %"
                : size(difference.measure(), detectable, percent);
    }

    /** An amount of memory in MiB; of other metrics in percent, if that is known. */
    private static String size(Measure measure, double amount, @Nullable Double percent) {
        return measure.ofMemory() || percent == null
                ? RunText.significant(amount) + " " + measure.unit()
                : RunText.significant(percent) + " %";
    }

    static String signed(double value) {
        String text = RunText.significant(value);
        return value > 0 ? "+" + text : text;
    }

    /** The waterfalls of the cell with the largest peak. */
    private Optional<WaterfallComparison> largest(String other) {
        return comparison.waterfalls().stream()
                .filter(each -> each.other().equals(other) && each.parts().containsKey("peak"))
                .max(Comparator.comparingDouble(
                        each -> Objects.requireNonNull(each.parts().get("peak")).baseline()));
    }

    private Section waterfall(WaterfallComparison cell) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("", comparison.baseline(), cell.other(), "difference"));
        cell.parts()
                .forEach((part, mib) -> rows.add(List.of(
                        PARTS.getOrDefault(part, part),
                        mib(mib.baseline()),
                        mib(mib.value()),
                        String.format(Locale.ROOT, "%+.1f", mib.difference()))));
        return new Section(
                "Peak " + cell.memory().toUpperCase(Locale.ROOT) + " by part, in MiB: " + name(cell.cell()),
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

    private Section notCompared() {
        List<String> lines = new ArrayList<>();
        grouped(comparison.incomparable(), Incomparable::text, Incomparable::ids)
                .forEach((reason, ids) -> lines.add(reason + ": " + some(ids)));
        grouped(
                        comparison.unmatched(),
                        each -> "only in " + each.group()
                                + (each.nearest().isEmpty()
                                        ? ", not in " + each.missing()
                                        : "; " + each.missing() + " has it with " + each.nearest()),
                        each -> List.of(each.id()))
                .forEach((where, ids) -> lines.add(where + ": " + some(ids)));
        if (lines.size() > MOST_REASONS) {
            int more = lines.size() - MOST_REASONS;
            lines.subList(MOST_REASONS, lines.size()).clear();
            lines.add(more + " more lines: use --json to see all");
        }
        return new Section("Not compared", lines, List.of());
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

    private Section footnotes() {
        List<Difference> differences = comparison.differences();
        if (differences.isEmpty()) {
            return new Section("", List.of(), List.of());
        }
        List<String> lines = new ArrayList<>();
        List<Verdict> rest = differences.stream()
                .filter(difference -> !difference.headline())
                .map(Difference::verdict)
                .toList();
        if (!rest.isEmpty()) {
            lines.add(comparison.rest().size() + " other metrics compared: " + verdicts(rest)
                    + ". Use --csv or --json to see them.");
        }
        lines.add("Unit of replication: "
                + differences.stream()
                        .collect(Collectors.groupingBy(
                                Difference::unit,
                                LinkedHashMap::new,
                                Collectors.mapping(Difference::units, Collectors.toCollection(TreeSet::new))))
                        .entrySet()
                        .stream()
                        .map(unit -> unit.getKey() + " ("
                                + unit.getValue().stream().map(String::valueOf).collect(Collectors.joining(" or "))
                                + " per cell)")
                        .collect(Collectors.joining("; ")));
        meters(differences).ifPresent(lines::add);
        noise(differences).ifPresent(lines::add);
        lines.add("Confidence level: " + level(comparison.headlines()) + " for speed and memory, "
                + level(comparison.rest()) + " for other metrics");
        lines.add("Probability of any false verdict among all "
                + (comparison.headlines().size() + comparison.rest().size()) + ": at most 5 % (docs/statistics.md)");
        return new Section("How this was judged", lines, List.of());
    }

    /** The meters of the metrics in the tables. */
    private static Optional<String> meters(List<Difference> differences) {
        Map<String, Set<String>> names = new LinkedHashMap<>();
        for (Difference difference : differences) {
            String meter = difference.meter();
            if (meter != null && (difference.headline() || difference.verdict().found())) {
                names.computeIfAbsent(meter, first -> new LinkedHashSet<>())
                        .add(difference.measure().plainName());
            }
        }
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(names.entrySet().stream()
                        .map(each -> String.join(", ", each.getValue()) + " by " + each.getKey())
                        .collect(Collectors.joining("; ", "Meters: ", "")));
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
        return Optional.of("Noise (" + kinds + ") in "
                + noisy.stream().map(Difference::cell).distinct().count() + " of " + cells.size()
                + " cells: use run --strict to exclude it");
    }

    private static String level(Comparison.Family family) {
        int decimals = Math.max(3, (int) Math.ceil(-Math.log10(family.level())));
        return String.format(Locale.ROOT, "%." + decimals + "f %%", 100 * (1 - family.level()));
    }
}
