package dev.headroom.export;

import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Noise;
import dev.headroom.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.csv.CSVPrinter;

/**
 * {@code iterations.csv}: one row a fork and iteration, timing and every memory metric side by side. A fork that failed
 * before its first iteration has one row, without values, that says so.
 */
public final class IterationsCsv {
    private IterationsCsv() {}

    /** The table as text, with a header row. */
    public static String of(Run run, Collection<ForkResult> forks) {
        Map<String, String> metrics = Columns.metrics(run.cells(), forks);
        StringBuilder text = new StringBuilder();
        try (CSVPrinter csv = new CSVPrinter(text, Columns.FORMAT)) {
            csv.printRecord(header(metrics));
            for (CellResult cell : run.cells()) {
                for (ForkResult fork : forks) {
                    if (fork.cell().equals(cell.id())) {
                        print(csv, run, cell, fork, metrics);
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return text.toString();
    }

    private static void print(CSVPrinter csv, Run run, CellResult cell, ForkResult fork, Map<String, String> metrics)
            throws IOException {
        List<Iteration> iterations = fork.iterations().isEmpty()
                ? List.of(new Iteration(0, Double.NaN, new TreeMap<>(), null))
                : fork.iterations();
        for (Iteration iteration : iterations) {
            List<String> row = new ArrayList<>();
            row.add(Columns.text(run.id()));
            row.add(Columns.text(cell.id()));
            row.add(Columns.text(cell.benchmark()));
            row.add(Columns.text(cell.mode()));
            row.addAll(Columns.parameterValues(cell.params()));
            row.add(Integer.toString(fork.fork()));
            row.add(iteration.number() == 0 ? "" : Integer.toString(iteration.number()));
            row.add(fork.status().text());
            row.add(Columns.number(iteration.score()));
            row.add(Columns.text(cell.unit()));
            row.addAll(Columns.metricValues(metrics, iteration.metrics()));
            row.add(Noise.words(fork.noise(), " "));
            csv.printRecord(row);
        }
    }

    private static List<String> header(Map<String, String> metrics) {
        List<String> header = new ArrayList<>(List.of("run", "cell", "benchmark", "mode"));
        header.addAll(Columns.parameterNames());
        header.addAll(List.of("fork", "iteration", "status", "score", "unit"));
        header.addAll(Columns.metricNames(metrics));
        header.add("noise");
        return header;
    }
}
