package dev.headroom.export;

import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Iteration;
import dev.headroom.result.Metric;
import dev.headroom.result.Noise;
import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/**
 * {@code iterations.csv}: one row for each measured iteration of each fork, with its score and all metrics. A fork that
 * failed before its first iteration has one row without values.
 */
public final class IterationsCsv {
    private IterationsCsv() {}

    /** The table with a header row. */
    public static String of(Run run, Collection<ForkResult> forks) {
        List<Metric> metrics = Columns.metrics(run.cells(), forks);
        List<List<String>> rows = new ArrayList<>();
        for (CellResult cell : run.cells()) {
            for (ForkResult fork : forks) {
                if (fork.cell().equals(cell.id())) {
                    add(rows, run, cell, fork, metrics);
                }
            }
        }
        return Columns.table(header(metrics), rows);
    }

    private static void add(List<List<String>> rows, Run run, CellResult cell, ForkResult fork, List<Metric> metrics) {
        List<Iteration> iterations = fork.iterations().isEmpty()
                ? List.of(new Iteration(0, Double.NaN, new TreeMap<>(), null))
                : fork.iterations();
        for (Iteration iteration : iterations) {
            List<String> row = new ArrayList<>(Columns.identity(run, cell));
            row.add(Integer.toString(fork.fork()));
            row.add(iteration.number() == 0 ? "" : Integer.toString(iteration.number()));
            row.add(fork.status().text());
            row.add(Columns.number(iteration.score()));
            row.add(Columns.text(cell.unit()));
            row.addAll(Columns.metricValues(metrics, iteration.metrics()));
            row.add(Noise.words(fork.noise(), " "));
            rows.add(row);
        }
    }

    private static List<String> header(List<Metric> metrics) {
        List<String> header = new ArrayList<>(Columns.identityNames());
        header.addAll(List.of("fork", "iteration", "status", "score", "unit"));
        header.addAll(Columns.metricNames(metrics));
        header.add("noise");
        return header;
    }
}
