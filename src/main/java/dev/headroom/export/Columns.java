package dev.headroom.export;

import dev.headroom.plan.Parameter;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/** Columns and text formats that all CSV tables share. */
public final class Columns {
    /** RFC 4180 with line feeds, which both spreadsheets and scripts can read. */
    public static final CSVFormat FORMAT =
            CSVFormat.RFC4180.builder().setRecordSeparator("\n").get();

    private Columns() {}

    /** A table as text. */
    static String table(List<String> header, List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        try (CSVPrinter csv = new CSVPrinter(text, FORMAT)) {
            csv.printRecord(header);
            csv.printRecords(rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** The metrics that have a column: those of every table, then all others with a value, by label. */
    static List<Metric> metrics(List<CellResult> cells, Collection<ForkResult> forks) {
        SortedSet<Metric> others = new TreeSet<>();
        cells.forEach(cell -> others.addAll(cell.metrics().keySet()));
        forks.forEach(fork -> fork.iterations()
                .forEach(iteration -> others.addAll(iteration.metrics().keySet())));
        Set<Metric> all = new LinkedHashSet<>(Metric.IN_EVERY_TABLE);
        all.addAll(others);
        return List.copyOf(all);
    }

    /** Names of the first columns, which name the run and the cell. */
    static List<String> identityNames() {
        return Stream.concat(Stream.of("run", "cell", "benchmark", "mode"), parameterNames().stream())
                .toList();
    }

    /** Values of the first columns. */
    static List<String> identity(Run run, CellResult cell) {
        return Stream.concat(
                        Stream.of(run.id(), cell.id(), cell.benchmark(), cell.mode())
                                .map(Columns::text),
                        parameterValues(cell.params()).stream())
                .toList();
    }

    /** Column names of the parameters. */
    public static List<String> parameterNames() {
        return Parameter.all().stream()
                .map(parameter -> snakeCase(parameter.key()))
                .toList();
    }

    /** Values of the parameters in the order of the columns; empty if a parameter is absent. */
    public static List<String> parameterValues(Map<String, String> params) {
        return Parameter.all().stream()
                .map(parameter -> neutral(params.getOrDefault(parameter.key(), "")))
                .toList();
    }

    static List<String> metricNames(List<Metric> metrics) {
        return metrics.stream().map(Metric::column).toList();
    }

    static List<String> metricValues(List<Metric> metrics, Map<Metric, MetricValue> measured) {
        return metrics.stream()
                .map(metric -> {
                    MetricValue value = measured.get(metric);
                    return value == null ? "" : number(value.value());
                })
                .toList();
    }

    /** A number with {@code .} and at least six significant digits; empty if it is absent or not finite. */
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

    /** Text that no spreadsheet takes for a formula; empty if it is absent. */
    public static String text(@Nullable Object value) {
        return value == null ? "" : neutral(value.toString());
    }

    /** Puts an apostrophe before text that a spreadsheet would run as a formula; never before a number. */
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
