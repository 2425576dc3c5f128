package dev.headroom.compare;

import dev.headroom.compare.Sides.Observation;
import dev.headroom.result.Run;
import dev.headroom.result.Waterfall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/** What differences of memory mean to somebody who wants to know how much context is left. */
final class InWords {
    private final Sides sides;
    private final String baseline;
    private final TokenCost costs;

    InWords(Sides sides, String baseline) {
        this.sides = sides;
        this.baseline = baseline;
        this.costs = new TokenCost(sides.side(baseline));
    }

    /** Of the memory that matters most of every cell. */
    List<Tax> taxes(List<Difference> differences) {
        return differences.stream().filter(InWords::isMemory).map(this::tax).toList();
    }

    /** Where the same memory went. */
    List<SideBySide> waterfalls(List<Difference> differences) {
        return differences.stream()
                .filter(InWords::isMemory)
                .flatMap(difference -> waterfall(difference).stream())
                .toList();
    }

    private static boolean isMemory(Difference difference) {
        return difference.headline() && difference.measure().ofMemory();
    }

    private static String memory(Difference difference) {
        return difference.measure().ofCard() ? "vram" : "ram";
    }

    private Tax tax(Difference difference) {
        MeasuredCell cell = cells(baseline, difference.cell()).get(0).cell();
        Optional<TokenCost.Cost> cost = costs.of(difference.cell(), cell);
        OptionalDouble total = memory(difference).equals("vram") ? card(cell) : machine(cell);
        return new Tax(
                difference.other(),
                difference.cell(),
                memory(difference),
                difference.difference(),
                difference.interval(),
                difference.verdict(),
                total.isPresent() ? total.getAsDouble() : null,
                total.isPresent() ? 100 * difference.difference() / total.getAsDouble() : null,
                cost.map(each -> difference.difference() / each.mib()).orElse(null),
                cost.map(TokenCost.Cost::mib).orElse(null),
                cost.map(TokenCost.Cost::source).orElse(null));
    }

    private List<Observation> cells(String side, CellKey key) {
        return Objects.requireNonNull(sides.side(side).get(key), "a difference has cells on both sides");
    }

    private static OptionalDouble card(MeasuredCell cell) {
        return cell.place().llama().devices().stream()
                .filter(device -> device.name().equals(cell.device()))
                .map(Run.Device::totalMib)
                .filter(Objects::nonNull)
                .mapToDouble(mib -> mib)
                .filter(mib -> mib > 0)
                .findFirst();
    }

    private static OptionalDouble machine(MeasuredCell cell) {
        String mib = cell.place().environment().getOrDefault("memoryTotalMiB", "");
        return mib.matches("[1-9][0-9]{0,14}") ? OptionalDouble.of(Double.parseDouble(mib)) : OptionalDouble.empty();
    }

    private Optional<SideBySide> waterfall(Difference difference) {
        String memory = memory(difference);
        List<Waterfall> here = waterfalls(baseline, difference.cell(), memory);
        List<Waterfall> there = waterfalls(difference.other(), difference.cell(), memory);
        if (here.isEmpty() || there.isEmpty()) {
            return Optional.empty();
        }
        Map<String, SideBySide.Part> parts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(Waterfall.PARTS.getOrDefault(memory, List.of()));
        names.add("peak");
        for (String name : names) {
            OptionalDouble one = mean(here, name);
            OptionalDouble two = mean(there, name);
            if (one.isPresent() && two.isPresent()) {
                parts.put(
                        name,
                        new SideBySide.Part(
                                one.getAsDouble(), two.getAsDouble(), two.getAsDouble() - one.getAsDouble()));
            }
        }
        return Optional.of(new SideBySide(difference.other(), difference.cell(), memory, parts));
    }

    private List<Waterfall> waterfalls(String side, CellKey key, String memory) {
        return cells(side, key).stream()
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
