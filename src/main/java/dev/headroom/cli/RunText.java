package dev.headroom.cli;

import dev.headroom.Units;
import dev.headroom.place.Places;
import dev.headroom.place.Preparation;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Noise;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The output of {@code run}: a summary of the plan, one line a cell, and the tables of results. */
final class RunText {
    /** Headings that keep the table of parts narrow. {@code driver} is the driver context. */
    private static final Map<String, String> SHORT_LABELS =
            Map.of(Parameter.CONTEXT_LENGTH.key(), "context", "context", "driver", "residual", "unexplained");

    /** Several times the usual time between two readings of a card, 4 to 32 ms. */
    private static final int LONG_GAP_MILLIS = 100;

    private final Places places;
    private final List<String> shown;

    RunText(Places places) {
        this.places = places;
        this.shown =
                Parameter.shown(places.cells().stream().map(Cell::parameters).toList());
    }

    /** What the run will do, as text. */
    String summary() {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of(
                "plan",
                places.plan().name() + ": " + cells(places.cells().size()) + ", about "
                        + duration(places.estimate().toMillis() / 1e3)));
        rows.add(List.of("benchmarks", distinct(cell -> cell.benchmark().simpleName())));
        for (Run.Model model : places.models().values()) {
            rows.add(List.of("model", describe(model)));
        }
        String contexts = places.cells().stream()
                .filter(cell -> cell.has(Parameter.CONTEXT_LENGTH))
                .map(cell -> cell.value(Parameter.CONTEXT_LENGTH).toString())
                .distinct()
                .collect(Collectors.joining(", "));
        if (!contexts.isEmpty()) {
            rows.add(List.of("context", contexts + " tokens"));
        }
        places.preparations().forEach(place -> rows.addAll(place(place)));
        return Output.table(rows);
    }

    private static List<List<String>> place(Preparation place) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("environment", place.name()));
        rows.add(List.of(
                "llama.cpp",
                place.facts().llama().version() + " (" + place.facts().llama().library() + ")"));
        for (Run.Device device : place.facts().llama().devices()) {
            rows.add(List.of("device", device.name() + ": " + device.description() + memory(device)));
        }
        rows.add(List.of(
                "meters",
                place.facts().meters().stream().map(Run.MeterFact::name).collect(Collectors.joining(", "))));
        return rows;
    }

    private static String memory(Run.Device device) {
        return device.totalMib() == null ? "" : String.format(Locale.ROOT, ", %.0f MiB", device.totalMib());
    }

    private static String describe(Run.Model model) {
        String what = model.synthetic() ? ", random weights" : "";
        return String.format(
                Locale.ROOT,
                "%s: %.0f million parameters, %.0f MiB%s",
                model.id(),
                model.parameters() / 1e6,
                model.fileBytes() / Units.MIB,
                what);
    }

    private String distinct(Function<Cell, String> of) {
        return places.cells().stream().map(of).distinct().collect(Collectors.joining(", "));
    }

    /** What the run will do, as JSON. */
    Map<String, Object> preview() {
        List<Map<String, Object>> cells = new ArrayList<>();
        for (Cell cell : places.cells()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("id", cell.id());
            one.put("benchmark", cell.benchmark().simpleName());
            one.put("params", cell.parameters());
            one.put("forks", cell.settings().forks());
            one.put("warmup", cell.settings().warmup());
            one.put("iterations", cell.settings().iterations());
            one.put("time", cell.settings().time().toMillis() + "ms");
            one.put("estimatedSeconds", places.estimate(cell).toMillis() / 1e3);
            cells.add(one);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("plan", places.plan().name());
        all.put("places", places.preparations().stream().map(RunText::preview).toList());
        all.put("models", places.models().values());
        all.put("warnings", places.warnings());
        all.put("estimatedSeconds", places.estimate().toMillis() / 1e3);
        all.put("cells", cells);
        return all;
    }

    private static Map<String, Object> preview(Preparation place) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("environment", place.name());
        one.put("llama", place.facts().llama());
        one.put("meters", place.facts().meters());
        return one;
    }

    /** The line for a finished cell. */
    String line(int number, Cell cell, CellResult result, double seconds, double left) {
        String count = "[" + number + "/" + places.cells().size() + "] ";
        String outcome = result.status() == Status.OK
                ? score(result) + " " + result.unit() + peak(result) + noisy(result)
                : result.status().text() + ": " + result.reason();
        return count + cell.id() + "  " + outcome + "  (" + duration(seconds) + ", " + duration(left) + " left)";
    }

    private static String peak(CellResult result) {
        MetricValue vram = vram(result);
        MetricValue ram = result.metrics().get(Metric.RAM_PEAK);
        return (vram == null ? "" : ", VRAM " + mib(vram) + " MiB" + gap(result.metrics()))
                + (ram == null ? "" : ", RAM " + mib(ram) + " MiB");
    }

    /** The longest time without a reading of the card, if it is so long that a higher peak may lie in it. */
    static String gap(Map<Metric, MetricValue> metrics) {
        MetricValue gap = metrics.get(Metric.VRAM_GAP_MAX);
        return gap == null || gap.value() < LONG_GAP_MILLIS ? "" : " (gap " + Math.round(gap.value()) + " ms)";
    }

    /** Peak VRAM as measured in the fork, otherwise as measured by the Headroom outside. */
    private static @Nullable MetricValue vram(CellResult result) {
        MetricValue seen = result.metrics().get(Metric.VRAM_PEAK);
        return seen == null ? result.metrics().get(Metric.VRAM_HOST_PEAK) : seen;
    }

    /** The tables at the end of a run. */
    String results(Run run) {
        boolean vram = run.cells().stream().anyMatch(cell -> vram(cell) != null);
        List<List<String>> rows = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("benchmark"));
        header.addAll(shown);
        header.addAll(List.of("score", "unit"));
        if (vram) {
            header.add("peak VRAM MiB");
        }
        header.addAll(List.of("peak RAM MiB", "status"));
        rows.add(header);
        for (CellResult cell : run.cells()) {
            List<String> row = new ArrayList<>(List.of(cell.benchmark()));
            shown.forEach(key -> row.add(cell.params().getOrDefault(key, "")));
            row.add(score(cell));
            row.add(cell.unit());
            if (vram) {
                row.add(mib(vram(cell)) + gap(cell.metrics()));
            }
            row.add(mib(cell.metrics().get(Metric.RAM_PEAK)));
            row.add(note(cell));
            rows.add(row);
        }
        return "\n" + Output.table(rows) + waterfalls(run, vram ? "vram" : "ram");
    }

    /** The parts of each cell's peak memory. Empty if none were measured. */
    private String waterfalls(Run run, String memory) {
        List<List<String>> rows = new ArrayList<>();
        for (CellResult cell : run.cells()) {
            for (Waterfall waterfall : cell.memory().waterfalls()) {
                if (waterfall.memory().equals(memory)) {
                    List<String> row = new ArrayList<>(List.of(cell.benchmark()));
                    shown.forEach(key -> row.add(cell.params().getOrDefault(key, "")));
                    row.add(mib(waterfall.peak()));
                    parts(memory).forEach(part -> row.add(mib(waterfall.parts().get(part))));
                    rows.add(row);
                }
            }
        }
        if (rows.isEmpty()) {
            return "";
        }
        List<String> header = new ArrayList<>(List.of("benchmark"));
        header.addAll(shown);
        header.add("peak");
        header.addAll(parts(memory));
        header.replaceAll(column -> SHORT_LABELS.getOrDefault(column, column));
        rows.add(0, header);
        return "\nWhere the peak " + memory.toUpperCase(Locale.ROOT) + " went, in MiB\n" + Output.table(rows);
    }

    private static List<String> parts(String memory) {
        return Waterfall.PARTS.getOrDefault(memory, List.of());
    }

    private static String spilled(CellResult cell) {
        Spill spill = cell.memory().spill();
        return spill == null || spill.verdict() == Spill.Verdict.NONE
                ? ""
                : ", spill: " + spill.verdict().text();
    }

    private static String noisy(CellResult cell) {
        return cell.noise().isEmpty() ? "" : ", noisy: " + Noise.words(cell.noise(), " ");
    }

    private static String note(CellResult cell) {
        if (cell.status() != Status.OK) {
            return cell.status().text() + ": " + cell.reason();
        }
        Score score = cell.score();
        if (score == null || score.percentiles() == null) {
            return "ok" + spilled(cell) + noisy(cell);
        }
        return "ok" + spilled(cell) + noisy(cell) + ", "
                + score.percentiles().entrySet().stream()
                        .map(p -> "p" + p.getKey() + " " + significant(p.getValue()))
                        .collect(Collectors.joining(", "));
    }

    private static String score(CellResult cell) {
        Score score = cell.score();
        if (score == null) {
            return "-";
        }
        return significant(score.value()) + (score.error() == null ? "" : " ± " + significant(score.error()));
    }

    private static String mib(@Nullable MetricValue metric) {
        return mib(metric == null ? null : metric.value());
    }

    private static String mib(@Nullable Double mebibytes) {
        return mebibytes == null ? "-" : String.format(Locale.ROOT, "%.1f", mebibytes);
    }

    /** Formats a number with three or four significant digits. */
    static String significant(double value) {
        double magnitude = Math.abs(value);
        String format = magnitude >= 1000 ? "%.0f" : magnitude >= 100 ? "%.1f" : magnitude >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }

    private static String cells(int count) {
        return count == 1 ? "1 cell" : count + " cells";
    }

    /** Formats seconds as {@code 45 s}, {@code 3 min} or {@code 2 h 05 min}. */
    static String duration(double seconds) {
        long s = Math.round(seconds);
        if (s < 100) {
            return s + " s";
        }
        long minutes = Math.round(seconds / 60);
        return minutes < 100
                ? minutes + " min"
                : String.format(Locale.ROOT, "%d h %02d min", minutes / 60, minutes % 60);
    }
}
