package dev.headroom.compare;

import dev.headroom.export.Columns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/** A comparison as CSV: one row for each metric that was compared, and for each that could not be. */
public final class CompareCsv {
    private CompareCsv() {}

    /** Writes the table with a header row. The table of 1,000 runs is too large for a string. */
    public static void write(Comparison comparison, Appendable to) throws IOException {
        CSVPrinter csv = new CSVPrinter(to, Columns.FORMAT);
        csv.printRecord(header());
        for (Difference difference : comparison.differences()) {
            csv.printRecord(row(comparison, difference));
        }
        for (Comparison.Incomparable each : comparison.incomparable()) {
            csv.printRecord(row(comparison, each));
        }
        csv.flush();
    }

    private static List<String> header() {
        List<String> header = new ArrayList<>(List.of("compared", "baseline", "other", "benchmark"));
        header.addAll(Columns.parameterNames());
        header.addAll(List.of(
                "cells",
                "metric",
                "unit",
                "headline",
                "baseline_value",
                "value",
                "difference",
                "percent",
                "low",
                "high",
                "level",
                "low_95",
                "high_95",
                "p",
                "smallest",
                "smallest_percent",
                "verdict",
                "reason",
                "replicated",
                "units",
                "meter",
                "noise"));
        return header;
    }

    private static List<String> row(Comparison comparison, Difference difference) {
        List<String> row = beginning(comparison, difference.other(), difference.cell(), difference.ids());
        row.add(difference.measure().name());
        row.add(difference.measure().unit());
        row.add(Boolean.toString(difference.headline()));
        row.add(Columns.number(difference.baseline()));
        row.add(Columns.number(difference.value()));
        row.add(Columns.number(difference.difference()));
        row.add(Columns.number(difference.percent()));
        ends(row, difference.interval());
        row.add(Columns.number(1 - (difference.headline() ? comparison.headlines() : comparison.rest()).level()));
        ends(row, difference.interval95());
        row.add(difference.p() == null ? "" : difference.p().toString()); // may be too small for a decimal fraction
        row.add(Columns.number(difference.detectable()));
        row.add(Columns.number(difference.detectablePercent()));
        row.add(difference.verdict().text());
        row.add(Columns.text(difference.why()));
        row.add(difference.unit());
        row.add(Integer.toString(difference.units()));
        row.add(Columns.text(difference.meter()));
        row.add(Columns.text(difference.noise()));
        return row;
    }

    private static List<String> row(Comparison comparison, Comparison.Incomparable each) {
        List<String> row = beginning(comparison, each.other(), each.cell(), each.ids());
        row.add(each.measure());
        for (int i = 0; i < 14; i++) {
            row.add("");
        }
        row.add(Verdict.INCOMPARABLE.text());
        row.add(Columns.text(each.reason()));
        row.addAll(List.of("", "", "", ""));
        return row;
    }

    private static List<String> beginning(Comparison comparison, String other, CellKey cell, List<String> ids) {
        List<String> row = new ArrayList<>();
        row.add(comparison.by().toString());
        row.add(Columns.text(comparison.baseline()));
        row.add(Columns.text(other));
        row.add(Columns.text(cell.benchmark()));
        row.addAll(Columns.parameterValues(cell.params()));
        row.add(Columns.text(String.join(" ", ids)));
        return row;
    }

    private static void ends(List<String> row, @Nullable Range range) {
        row.add(range == null ? "" : Columns.number(range.low()));
        row.add(range == null ? "" : Columns.number(range.high()));
    }
}
