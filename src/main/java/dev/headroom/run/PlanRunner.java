package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.export.CellsCsv;
import dev.headroom.export.IterationsCsv;
import dev.headroom.plan.Cell;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;

/** Runs the cells of a plan one fork after the other and keeps the run folder up to date. */
public final class PlanRunner {
    private static final String VRAM = "·vram.peak";

    /** What a run tells while it goes on. */
    public interface Listener {
        /** The meters are held against memory of known size, unless that was done of late. */
        void proving();

        /** Something that a reader of the results should know. */
        void warning(String text);

        /** A fork begins. */
        void fork(Cell cell, int fork);

        /** An iteration of the fork begins, warm-up included; 1 for the first. */
        void iteration(Cell cell, int fork, int iteration);

        /** All forks of a cell are done. */
        void cell(Cell cell, CellResult result, double seconds);
    }

    private final Preparation preparation;
    private final RunFolder folder;
    private final String version;
    private final NoiseWatch noise;
    private final String started = now();
    private final Map<String, List<ForkResult>> forks = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private @Nullable MeterReport proof;

    private PlanRunner(Preparation preparation, RunFolder folder, String version, NoiseWatch noise) {
        this.preparation = preparation;
        this.folder = folder;
        this.version = version;
        this.noise = noise;
    }

    /**
     * Makes the run folder, then the synthetic models: a folder that cannot be written to is found before minutes go
     * into a model.
     *
     * @param out the folder that the run folder is made in
     * @param version Headroom's
     * @param noise has looked at the machine before the run
     * @param progress told which model is being written and how far it is, 0 to 1
     * @throws dev.headroom.BadInput if either cannot be made; then neither is left behind
     */
    public static PlanRunner prepare(
            Preparation preparation,
            Path out,
            String version,
            NoiseWatch noise,
            BiConsumer<Run.Model, Double> progress) {
        RunFolder folder = RunFolder.create(out, preparation.plan().name(), LocalDateTime.now(ZoneId.systemDefault()));
        try {
            preparation.makeModels(progress);
        } catch (BadInput e) {
            folder.remove();
            throw e;
        }
        return new PlanRunner(preparation, folder, version, noise);
    }

    /** Where the results are. */
    public Path folder() {
        return folder.path();
    }

    /** Measures every cell; a cell that fails is a result. */
    public Run run(Listener listener) {
        JmhFork jmh = new JmhFork(folder, preparation.llamaHome());
        write(null);
        noise.before().forEach(warning -> warn(warning, listener));
        listener.proving();
        prove().forEach(warning -> warn(warning, listener));
        for (Cell cell : preparation.cells()) {
            Optional<Path> model =
                    cell.model().map(name -> Path.of(preparation.model(name).path()));
            List<ForkResult> results = new ArrayList<>();
            forks.put(cell.id(), results);
            double seconds = 0;
            for (int number = 1; number <= cell.settings().forks(); number++) {
                int fork = number;
                listener.fork(cell, fork);
                int[] iteration = {0};
                ForkResult result = preparation
                        .refusal(cell)
                        .map(reason -> ForkResult.refused(cell.id(), fork, reason, now()))
                        .orElseGet(() -> noise.fork(
                                cell.id(),
                                fork,
                                () -> jmh.run(cell, model, fork, () -> listener.iteration(cell, fork, ++iteration[0])),
                                listener::warning));
                folder.append(result);
                results.add(result);
                seconds += result.seconds();
                lost(result).ifPresent(warning -> warn(warning, listener));
                if (!result.ok()) {
                    break; // it would fail again, and out of memory on purpose is hard on a machine
                }
            }
            write(null);
            listener.cell(cell, result(cell, results), seconds);
        }
        Run run = write(now());
        run.warnings().stream()
                .filter(warning -> !preparation.warnings().contains(warning) && !warnings.contains(warning))
                .forEach(listener::warning);
        return run;
    }

    private void warn(Warning warning, Listener listener) {
        warnings.add(warning.text());
        listener.warning(warning.text());
    }

    /** What a fork lost in its middle; or VRAM, which could be measured before the run, if it had it from no iteration. */
    private Optional<Warning> lost(ForkResult fork) {
        List<String> lost = fork.memory() == null ? List.of() : fork.memory().lost();
        boolean expected =
                preparation.meters().stream().anyMatch(meter -> meter.metrics().contains(VRAM));
        boolean seen = fork.iterations().stream()
                .anyMatch(iteration -> iteration.metrics().containsKey(VRAM));
        if (lost.isEmpty() && fork.ok() && expected && !seen) {
            lost = List.of(VRAM);
        }
        return lost.isEmpty() ? Optional.empty() : Optional.of(new Warning.Lost(fork.cell(), fork.fork(), lost));
    }

    private List<Warning> prove() {
        try {
            MeterReport report = MeterProbe.recent(preparation.llamaHome());
            proof = report;
            return preparation.meters().stream()
                    .flatMap(meter -> Warning.Misleading.of(meter, report).stream())
                    .toList();
        } catch (BadInput e) {
            return List.of(new Warning.NotProved(String.valueOf(e.getMessage())));
        }
    }

    private Run write(@Nullable String ended) {
        List<CellResult> cells = new ArrayList<>();
        List<RunResult> merged = new ArrayList<>();
        List<ForkResult> all = new ArrayList<>();
        for (Cell cell : preparation.cells()) {
            List<ForkResult> results = forks.getOrDefault(cell.id(), List.of());
            cells.add(result(cell, results));
            JmhResults.merged(cell, results).ifPresent(merged::add);
            all.addAll(results);
        }
        List<String> later = new ArrayList<>(warnings);
        Warning.Noisy.of(all).forEach(warning -> later.add(warning.text()));
        Run run = preparation.run(folder.id(), version, started, ended, proof, later, cells);
        folder.replace("run.json", Json.pretty(run));
        folder.replace("jmh.json", JmhResults.json(merged));
        folder.replace("cells.csv", CellsCsv.of(run));
        folder.replace("iterations.csv", IterationsCsv.of(run, all));
        return run;
    }

    private CellResult result(Cell cell, List<ForkResult> results) {
        return preparation.withPrediction(JmhResults.cellResult(cell, results));
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
