package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.export.CellsCsv;
import dev.headroom.export.IterationsCsv;
import dev.headroom.export.JmhJson;
import dev.headroom.plan.Cell;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;

/**
 * Runs the cells of a plan one fork after the other. A fork that ends goes into the journal; every other file of the run
 * folder is made from it anew after each cell.
 */
public final class PlanRunner implements Closeable {
    private static final String VRAM = "·vram.peak";

    /** A machine that sleeps again and again, or a process that somebody keeps stopping, is not fought. */
    private static final int MOST_REPEATS = 3;

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

    private final Closeable lock;
    private final Preparation preparation;
    private final RunFolder folder;
    private final Run head;
    private final Journal journal;
    private final NoiseWatch noise;
    private final Map<String, List<ForkResult>> forks = new LinkedHashMap<>();
    private final Map<String, CellResult> merged = new HashMap<>();
    private final Set<String> told = new LinkedHashSet<>();
    private final List<String> beforeForks = new ArrayList<>();
    private @Nullable MeterReport proof;
    private double slowness = 1;
    private volatile boolean cancelled;

    private PlanRunner(
            Closeable lock, Preparation preparation, RunFolder folder, Run head, Journal journal, NoiseWatch noise) {
        this.lock = lock;
        this.preparation = preparation;
        this.folder = folder;
        this.head = head;
        this.journal = journal;
        this.noise = noise;
        told.addAll(head.warnings());
    }

    /**
     * Makes the run folder, then the synthetic models: a folder that cannot be written to is found before minutes go
     * into a model.
     *
     * @param out the folder that the run folder is made in
     * @param version Headroom's
     * @param noise has looked at the machine before the run
     * @param progress told which model is being written and how far it is, 0 to 1
     * @throws BadInput if either cannot be made, and then neither is left behind; or if another benchmark is running
     */
    public static PlanRunner prepare(
            Preparation preparation,
            Path out,
            String version,
            NoiseWatch noise,
            BiConsumer<Run.Model, Double> progress) {
        Closeable lock = MachineLock.take("plan " + preparation.plan().name());
        RunFolder folder = RunFolder.create(out, preparation.plan().name(), LocalDateTime.now(ZoneId.systemDefault()));
        try {
            preparation.makeModels(progress);
        } catch (BadInput e) {
            folder.remove();
            throw e;
        }
        Run head = preparation.run(folder.id(), version, now());
        return new PlanRunner(lock, preparation, folder, head, Journal.begin(folder.path(), head), noise);
    }

    /**
     * Goes on with a run: what it has measured stays.
     *
     * @param noise has looked at the machine before the run goes on
     * @throws BadInput if the rest would not be measured with the same, or another benchmark is running
     */
    public static PlanRunner resume(
            UnfinishedRun unfinished,
            Preparation preparation,
            String version,
            NoiseWatch noise,
            BiConsumer<Run.Model, Double> progress) {
        Closeable lock = MachineLock.take("plan " + preparation.plan().name());
        RunFolder folder = unfinished.folder();
        Run begun = unfinished.content().head();
        Run head = preparation.run(begun.id(), version, begun.started());
        unfinished.check(head);
        preparation.makeModels(progress);
        Journal journal = Journal.resume(folder.path(), unfinished.content());
        PlanRunner runner = new PlanRunner(lock, preparation, folder, head, journal, noise);
        unfinished.content().forks().forEach(fork -> {
            runner.add(fork);
            noise.remember(fork);
        });
        return runner;
    }

    /** Where the results are. */
    public Path folder() {
        return folder.path();
    }

    /** How many cells need no more forks. */
    public int done() {
        return (int) preparation.cells().stream().filter(this::isDone).count();
    }

    /** Ends the fork that runs, and the run. */
    public void cancel() {
        cancelled = true;
    }

    /** Measures every cell that is not done yet; a cell that fails is a result. */
    public Run run(Listener listener) {
        JmhFork jmh = new JmhFork(folder, preparation.llamaHome(), () -> cancelled);
        write(null);
        noise.before().forEach(warning -> beforeForks.add(warning.text()));
        listener.proving();
        prove().forEach(warning -> beforeForks.add(warning.text()));
        tell(settled(), listener);
        for (Cell cell : preparation.cells()) {
            double seconds = 0;
            boolean measured = false;
            while (!cancelled && !isDone(cell)) {
                Optional<ForkResult> result = fork(jmh, cell, results(cell).size() + 1, listener);
                if (result.isPresent()) {
                    journal.append(result.get());
                    add(result.get());
                    seconds += result.get().seconds();
                    measured = true;
                }
            }
            if (measured) {
                write(null);
                tell(settled(), listener);
            }
            if (measured && isDone(cell)) {
                listener.cell(cell, result(cell), seconds);
            }
        }
        Run run = write(cancelled ? null : now());
        tell(unsettled(), listener);
        return run;
    }

    /** One fork, tried again where it could not run all the time; empty if the run was cancelled. */
    private Optional<ForkResult> fork(JmhFork jmh, Cell cell, int number, Listener listener) {
        Optional<ForkResult> refused = preparation
                .refusal(cell)
                .map(reason -> ForkResult.refused(cell.id(), number, reason, now()))
                .or(() -> noise.refusal(cell.id(), number, listener::warning, () -> cancelled));
        if (refused.isPresent() || cancelled) {
            return cancelled ? Optional.empty() : refused;
        }
        Optional<Path> model =
                cell.model().map(name -> Path.of(preparation.model(name).path()));
        Limits limits = Limits.of(cell, preparation.estimated(cell.id()), slowness);
        List<String> repeats = new ArrayList<>();
        while (true) {
            listener.fork(cell, number);
            int[] iteration = {0};
            NoiseWatch.Mark before = noise.mark();
            Optional<JmhFork.Outcome> outcome =
                    jmh.run(cell, model, number, limits, () -> listener.iteration(cell, number, ++iteration[0]));
            if (outcome.isEmpty()) {
                return Optional.empty();
            }
            if (!outcome.get().ended()) {
                cancelled = true; // nothing can be measured beside a process that cannot be ended
            }
            ForkResult result = noise.since(before, outcome.get().result());
            Optional<String> stoodStill = outcome.get().stoodStill();
            if (stoodStill.isEmpty() || result.status() == Status.TIMEOUT || repeats.size() == MOST_REPEATS) {
                return Optional.of(result.after(repeats));
            }
            repeats.add(stoodStill.get());
        }
    }

    private void add(ForkResult fork) {
        results(fork.cell()).add(fork);
        merged.remove(fork.cell());
        double estimated = preparation.estimated(fork.cell()).fork().toMillis() / 1e3;
        if (fork.ok() && estimated > 0) {
            slowness = Math.max(slowness, fork.seconds() / estimated);
        }
    }

    private List<ForkResult> results(Cell cell) {
        return results(cell.id());
    }

    private List<ForkResult> results(String cell) {
        return forks.computeIfAbsent(cell, id -> new ArrayList<>());
    }

    /** A cell with a fork that failed is done: it would fail again, and out of memory on purpose is hard on a machine. */
    private boolean isDone(Cell cell) {
        List<ForkResult> results = results(cell);
        return results.size() >= cell.settings().forks() || results.stream().anyMatch(fork -> !fork.ok());
    }

    /** Tells what has not been told yet. */
    private void tell(Stream<String> warnings, Listener listener) {
        warnings.filter(told::add).forEach(listener::warning);
    }

    /** Warnings that stay as they are. */
    private Stream<String> settled() {
        return Stream.of(
                        head.warnings().stream(),
                        beforeForks.stream(),
                        allForks().flatMap(this::warnings).map(Warning::text))
                .flatMap(all -> all);
    }

    /** Warnings that name the worst of all cells, which may still come. */
    private Stream<String> unsettled() {
        return Stream.concat(
                        Warning.WronglyPredicted.of(cells()).stream(),
                        Warning.Noisy.of(allForks().toList()).stream())
                .map(Warning::text);
    }

    private Stream<ForkResult> allForks() {
        return forks.values().stream().flatMap(List::stream);
    }

    private Stream<Warning> warnings(ForkResult fork) {
        return Stream.concat(Warning.Repeated.of(fork).stream(), lost(fork).stream());
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
        List<RunResult> jmh = new ArrayList<>();
        List<ForkResult> all = new ArrayList<>();
        for (Cell cell : preparation.cells()) {
            JmhResults.merged(cell, results(cell)).ifPresent(jmh::add);
            all.addAll(results(cell));
        }
        Run run = head.with(
                ended, proof, Stream.concat(settled(), unsettled()).distinct().toList(), cells());
        folder.replace("run.json", Json.pretty(run));
        String jmhJson = JmhResults.json(jmh);
        folder.replace("jmh.json", jmhJson);
        JmhJson.visualizer(jmhJson).forEach(folder::replace);
        folder.replace("cells.csv", CellsCsv.of(run));
        folder.replace("iterations.csv", IterationsCsv.of(run, all));
        return run;
    }

    private List<CellResult> cells() {
        return preparation.cells().stream().map(this::result).toList();
    }

    private CellResult result(Cell cell) {
        return merged.computeIfAbsent(
                cell.id(), id -> preparation.withPrediction(JmhResults.cellResult(cell, results(cell))));
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** Lets others measure. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
