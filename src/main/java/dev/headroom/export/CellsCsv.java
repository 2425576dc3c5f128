package dev.headroom.export;

import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.Score;
import dev.headroom.result.Noise;
import dev.headroom.result.Observed;
import dev.headroom.result.Run;
import dev.headroom.result.Waterfall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;

/** {@code cells.csv}: one row a cell, for spreadsheets. docs/results.md says what each column means. */
public final class CellsCsv {
    private CellsCsv() {}

    /** The table as text, with a header row. */
    public static String of(Run run) {
        Map<String, String> metrics = Columns.metrics(run.cells(), List.of());
        StringBuilder text = new StringBuilder();
        try (CSVPrinter csv = new CSVPrinter(text, Columns.FORMAT)) {
            csv.printRecord(header(metrics));
            for (CellResult cell : run.cells()) {
                csv.printRecord(row(run, cell, metrics));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return text.toString();
    }

    private static List<String> header(Map<String, String> metrics) {
        List<String> header = new ArrayList<>(List.of("run", "cell", "benchmark", "mode"));
        header.addAll(Columns.parameterNames());
        header.addAll(List.of("status", "reason", "forks", "warmup", "iterations", "samples"));
        header.addAll(List.of("score", "score_error", "unit", "p50", "p95", "p99"));
        header.addAll(Columns.metricNames(metrics));
        header.addAll(List.of("predicted_model_mib", "predicted_kv_mib", "predicted_compute_mib"));
        Waterfall.PARTS.forEach(
                (memory, parts) -> parts.forEach(part -> header.add("waterfall_" + memory + "_" + part + "_mib")));
        header.addAll(List.of("flash_attention_used", "offloaded_layers", "total_layers", "devices", "llama_version"));
        header.add("noise");
        return header;
    }

    private static List<String> row(Run run, CellResult cell, Map<String, String> metrics) {
        List<String> row = new ArrayList<>();
        row.add(Columns.text(run.id()));
        row.add(Columns.text(cell.id()));
        row.add(Columns.text(cell.benchmark()));
        row.add(Columns.text(cell.mode()));
        row.addAll(Columns.parameterValues(cell.params()));
        row.add(cell.status().text());
        row.add(Columns.text(cell.reason()));
        row.add(Integer.toString(cell.forks()));
        row.add(Integer.toString(cell.warmup()));
        row.add(Integer.toString(cell.iterations()));
        Score score = cell.score();
        row.add(score == null ? "" : Long.toString(score.samples()));
        row.add(score == null ? "" : Columns.number(score.value()));
        row.add(score == null ? "" : Columns.number(score.error()));
        row.add(Columns.text(cell.unit()));
        for (String percentile : List.of("50", "95", "99")) {
            row.add(percentile(score, percentile));
        }
        row.addAll(Columns.metricValues(metrics, cell.metrics()));
        row.add(cell.prediction() == null || cell.prediction().incomplete() == null ? predicted(cell, "model") : "");
        row.add(predicted(cell, "kv", "recurrent"));
        row.add(predicted(cell, "compute"));
        Waterfall.PARTS.forEach((memory, parts) -> parts.forEach(part -> row.add(part(cell, memory, part))));
        Observed observed = cell.observed();
        row.add(observed == null ? "" : Columns.text(observed.flashAttention()));
        row.add(observed == null ? "" : Columns.text(observed.offloadedLayers()));
        row.add(observed == null ? "" : Columns.text(observed.totalLayers()));
        row.add(observed == null ? "" : Columns.text(String.join(" ", observed.devices())));
        row.add(Columns.text(run.llama().version()));
        row.add(Noise.words(cell.noise(), " "));
        return row;
    }

    private static String part(CellResult cell, String memory, String part) {
        return cell.waterfalls().stream()
                .filter(waterfall -> waterfall.memory().equals(memory))
                .map(waterfall -> Columns.number(waterfall.parts().get(part)))
                .findFirst()
                .orElse("");
    }

    private static String predicted(CellResult cell, String... kinds) {
        OptionalDouble mib = cell.prediction() == null
                ? OptionalDouble.empty()
                : cell.prediction().mebibytes(kinds);
        return mib.isPresent() ? Columns.number(mib.getAsDouble()) : "";
    }

    private static String percentile(@Nullable Score score, String percentile) {
        if (score == null || score.percentiles() == null) {
            return "";
        }
        return Columns.number(score.percentiles().get(percentile));
    }
}
