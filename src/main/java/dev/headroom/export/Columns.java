package dev.headroom.export;

import dev.headroom.plan.Parameter;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.jspecify.annotations.Nullable;

/** What all tables share: the columns of parameters and of metrics, and how a value becomes text. */
public final class Columns {
    /** RFC 4180 with a line feed: what spreadsheets and scripts both read. */
    public static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator("\n").get();

    /**
     * Metrics that every table has a column for, measured or not, so that tables of different machines fit together.
     */
    private static final Map<String, String> METRICS = metrics();

    private Columns() {}

    private static Map<String, String> metrics() {
        Map<String, String> units = new LinkedHashMap<>();
        for (String label : List.of(
                "vram.peak",
                "vram.baseline",
                "vram.process.peak",
                "vram.shared.peak",
                "ram.peak",
                "ram.anon.peak",
                "buffers.model",
                "buffers.kv",
                "buffers.compute")) {
            units.put("·" + label, "MiB");
        }
        units.put("·vram.samples", "#");
        units.put("·vram.gap.max", "ms");
        units.put("·gpu.energy", "J");
        units.put("·gpu.power", "W");
        return units;
    }

    /** All metrics there are a column for: the known ones, then what else was recorded, by name. */
    static Map<String, String> metrics(List<CellResult> cells, Collection<ForkResult> forks) {
        SortedMap<String, String> others = new TreeMap<>();
        cells.forEach(cell -> cell.metrics().forEach((label, metric) -> others.put(label, metric.unit())));
        forks.forEach(fork -> fork.iterations()
                .forEach(
                        iteration -> iteration.metrics().forEach((label, metric) -> others.put(label, metric.unit()))));
        Map<String, String> all = new LinkedHashMap<>(METRICS);
        others.forEach(all::putIfAbsent);
        return all;
    }

    /** The columns of parameters. */
    public static List<String> parameterNames() {
        return Parameter.all().stream()
                .map(parameter -> snakeCase(parameter.key()))
                .toList();
    }

    /** In the order of the columns; a parameter that is not there is empty. */
    public static List<String> parameterValues(Map<String, String> params) {
        return Parameter.all().stream()
                .map(parameter -> neutral(params.getOrDefault(parameter.key(), "")))
                .toList();
    }

    /**
     * Column names of metrics: {@code ·vram.peak} in MiB is {@code vram_peak_mib}, a count has no unit, and a unit that
     * is a sign is written as a word.
     */
    static List<String> metricNames(Map<String, String> metrics) {
        List<String> names = new ArrayList<>();
        metrics.forEach((label, unit) -> {
            String name = label.replace("·", "").replace('.', '_');
            names.add(
                    switch (unit) {
                        case "#" -> name;
                        case "%" -> name + "_percent";
                        case "°C" -> name + "_celsius";
                        default -> name + "_" + unit.toLowerCase(Locale.ROOT);
                    });
        });
        return names;
    }

    static List<String> metricValues(Map<String, String> metrics, Map<String, Metric> measured) {
        return metrics.keySet().stream()
                .map(label -> {
                    Metric metric = measured.get(label);
                    return metric == null ? "" : number(metric.value());
                })
                .toList();
    }

    /** A number with {@code .}, six significant digits at least; what is absent or not a number is empty. */
    public static String number(@Nullable Double value) {
        if (value == null || !Double.isFinite(value)) {
            return "";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return Long.toString(value.longValue());
        }
        double magnitude = Math.abs(value);
        return String.format(Locale.ROOT, magnitude >= 1000 ? "%.3f" : magnitude >= 1 ? "%.6f" : "%.9f", value);
    }

    /** Text that no spreadsheet runs; what is absent is empty. */
    public static String text(@Nullable Object value) {
        return value == null ? "" : neutral(value.toString());
    }

    /** Text that a spreadsheet would run as a formula gets an apostrophe in front; a number never does. */
    private static String neutral(String text) {
        if (text.isEmpty() || "=+-@\t\r\n|".indexOf(text.charAt(0)) < 0 || text.matches("[+-]?[0-9]+(\\.[0-9]+)?")) {
            return text;
        }
        return "'" + text;
    }

    private static String snakeCase(String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
