package dev.headroom.compare;

import dev.headroom.compare.CellGroups.Observation;
import dev.headroom.result.Run;
import dev.headroom.result.Waterfall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** Computes {@link MemoryImpact}s and {@link WaterfallComparison}s from differences of the most important memory. */
final class MemoryImpacts {
    private final CellGroups groups;
    private final String baseline;
    private final TokenCost costs;
    private final List<Difference> differences;

    MemoryImpacts(CellGroups groups, String baseline, List<Difference> all) {
        this.groups = groups;
        this.baseline = baseline;
        this.costs = new TokenCost(groups.group(baseline));
        this.differences = all.stream()
                .filter(difference ->
                        difference.headline() && difference.measure().ofMemory())
                .toList();
    }

    List<MemoryImpact> impacts() {
        return differences.stream().map(this::impact).toList();
    }

    List<WaterfallComparison> waterfalls() {
        return differences.stream()
                .flatMap(difference -> waterfall(difference).stream())
                .toList();
    }

    private static String memory(Difference difference) {
        return difference.measure().ofCard() ? "vram" : "ram";
    }

    private MemoryImpact impact(Difference difference) {
        MeasuredCell cell = cells(baseline, difference.cell()).get(0).cell();
        Optional<TokenCost.Cost> cost = costs.of(difference.cell(), cell);
        OptionalDouble total = memory(difference).equals("vram") ? cardMib(cell) : machineMib(cell);
        return new MemoryImpact(
                difference.other(),
                difference.cell(),
                memory(difference),
                difference.difference(),
                difference.interval(),
                difference.verdict(),
                total.isPresent() ? total.getAsDouble() : null,
                total.isPresent() ? 100 * difference.difference() / total.getAsDouble() : null,
                cost.map(each -> difference.difference() / each.mib())
                        .filter(tokens -> Math.abs(tokens) <= trained(cell))
                        .orElse(null),
                cost.map(TokenCost.Cost::mib).orElse(null),
                cost.map(TokenCost.Cost::source).orElse(null));
    }

    /** The model's trained context length: more tokens are no useful figure. */
    private static double trained(MeasuredCell cell) {
        Run.Model model = cell.conditions().model();
        return model == null || model.trainedContextLength() == null
                ? Double.POSITIVE_INFINITY
                : model.trainedContextLength();
    }

    private List<Observation> cells(String value, CellKey key) {
        return Objects.requireNonNull(groups.group(value).get(key), "a difference has cells in both groups");
    }

    private static OptionalDouble cardMib(MeasuredCell cell) {
        return cell.place().llama().devices().stream()
                .filter(device -> device.name().equals(cell.device()))
                .map(Run.Device::totalMib)
                .filter(Objects::nonNull)
                .mapToDouble(mib -> mib)
                .filter(mib -> mib > 0)
                .findFirst();
    }

    private static OptionalDouble machineMib(MeasuredCell cell) {
        return TokenCost.wholeNumber(cell.place().environment().values(), "memoryTotalMiB").stream()
                .mapToDouble(mib -> mib)
                .filter(mib -> mib > 0)
                .findFirst();
    }

    private Optional<WaterfallComparison> waterfall(Difference difference) {
        String memory = memory(difference);
        List<Waterfall> baselines = waterfalls(baseline, difference.cell(), memory);
        List<Waterfall> others = waterfalls(difference.other(), difference.cell(), memory);
        if (baselines.isEmpty() || others.isEmpty()) {
            return Optional.empty();
        }
        Map<String, WaterfallComparison.Part> parts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(Waterfall.PARTS.getOrDefault(memory, List.of()));
        names.add("peak");
        for (String name : names) {
            OptionalDouble one = mean(baselines, name);
            OptionalDouble two = mean(others, name);
            if (one.isPresent() && two.isPresent()) {
                parts.put(
                        name,
                        new WaterfallComparison.Part(
                                one.getAsDouble(), two.getAsDouble(), two.getAsDouble() - one.getAsDouble()));
            }
        }
        return Optional.of(new WaterfallComparison(difference.other(), difference.cell(), memory, parts));
    }

    private List<Waterfall> waterfalls(String value, CellKey key, String memory) {
        return cells(value, key).stream()
                .flatMap(seen -> seen.cell().waterfalls().stream())
                .filter(waterfall -> waterfall.memory().equals(memory))
                .toList();
    }

    private static OptionalDouble mean(List<Waterfall> waterfalls, String part) {
        return waterfalls.stream()
                .map(waterfall -> part.equals("peak")
                        ? Double.valueOf(waterfall.peak())
                        : waterfall.parts().get(part))
                .filter(Objects::nonNull)
                .mapToDouble(mib -> mib)
                .average();
    }
}
