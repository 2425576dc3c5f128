package dev.headroom.export;

import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.Metric;
import dev.headroom.result.Noise;
import dev.headroom.result.Observed;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Waterfall;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** {@code cells.csv}: one row for each cell. docs/results.md explains every column. */
public final class CellsCsv {
    private CellsCsv() {}

    /** The table with a header row. */
    public static String of(Run run) {
        List<Metric> metrics = Columns.metrics(run.cells(), List.of());
        return Columns.table(
                header(metrics),
                run.cells().stream().map(cell -> row(run, cell, metrics)).toList());
    }

    private static List<String> header(List<Metric> metrics) {
        List<String> header = new ArrayList<>(Columns.identityNames());
        header.addAll(List.of("status", "reason", "forks", "warmup", "iterations", "samples"));
        header.addAll(List.of("score", "score_error", "unit", "p50", "p95", "p99"));
        header.addAll(Columns.metricNames(metrics));
        header.addAll(List.of("predicted_model_mib", "predicted_kv_mib", "predicted_compute_mib"));
        Waterfall.PARTS.forEach(
                (memory, parts) -> parts.forEach(part -> header.add("waterfall_" + memory + "_" + part + "_mib")));
        header.addAll(List.of("flash_attention_used", "offloaded_layers", "total_layers", "devices", "llama_version"));
        header.addAll(List.of("noise", "spill"));
        return header;
    }

    private static List<String> row(Run run, CellResult cell, List<Metric> metrics) {
        List<String> row = new ArrayList<>(Columns.identity(run, cell));
        row.add(cell.status().text());
        row.add(Columns.text(cell.reason()));
        row.add(Integer.toString(cell.protocol().forks()));
        row.add(Integer.toString(cell.protocol().warmup()));
        row.add(Integer.toString(cell.protocol().iterations()));
        Score score = cell.score();
        row.add(score == null ? "" : Long.toString(score.samples()));
        row.add(score == null ? "" : Columns.number(score.value()));
        row.add(score == null ? "" : Columns.number(score.error()));
        row.add(Columns.text(cell.unit()));
        for (String percentile : List.of("50", "95", "99")) {
            row.add(percentile(score, percentile));
        }
        row.addAll(Columns.metricValues(metrics, cell.metrics()));
        Prediction prediction = cell.memory().prediction();
        row.add(prediction == null || prediction.incomplete() == null ? predicted(prediction, "model") : "");
        row.add(predicted(prediction, "kv", "recurrent"));
        row.add(predicted(prediction, "compute"));
        Waterfall.PARTS.forEach((memory, parts) -> parts.forEach(part -> row.add(part(cell, memory, part))));
        Observed observed = cell.memory().observed();
        row.add(observed == null ? "" : Columns.text(observed.flashAttention()));
        row.add(observed == null ? "" : Columns.text(observed.offloadedLayers()));
        row.add(observed == null ? "" : Columns.text(observed.totalLayers()));
        row.add(observed == null ? "" : Columns.text(String.join(" ", observed.devices())));
        row.add(Columns.text(run.llama().version()));
        row.add(Noise.words(cell.noise(), " "));
        Spill spill = cell.memory().spill();
        row.add(spill == null ? "" : spill.verdict().text());
        return row;
    }

    private static String part(CellResult cell, String memory, String part) {
        return cell.memory().waterfalls().stream()
                .filter(waterfall -> waterfall.memory().equals(memory))
                .map(waterfall -> Columns.number(waterfall.parts().get(part)))
                .findFirst()
                .orElse("");
    }

    private static String predicted(@Nullable Prediction prediction, String... kinds) {
        OptionalDouble mib = prediction == null ? OptionalDouble.empty() : prediction.mebibytes(kinds);
        return mib.isPresent() ? Columns.number(mib.getAsDouble()) : "";
    }

    private static String percentile(@Nullable Score score, String percentile) {
        return score == null || score.percentiles() == null
                ? ""
                : Columns.number(score.percentiles().get(percentile));
    }
}
