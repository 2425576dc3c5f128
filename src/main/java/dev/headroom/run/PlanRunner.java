package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.export.CellsCsv;
import dev.headroom.export.IterationsCsv;
import dev.headroom.export.JmhJson;
import dev.headroom.fork.JmhResults;
import dev.headroom.fork.MachineLock;
import dev.headroom.place.Place;
import dev.headroom.place.Places;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Metric;
import dev.headroom.result.Run;
import dev.headroom.result.SpillSignals;
import dev.headroom.result.Timestamp;
import dev.headroom.result.Warning;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
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
 * Runs the cells of a plan, one fork after the other. Each fork is appended to the journal when it ends. After each
 * cell all other files of the run folder are written again.
 */
public final class PlanRunner implements Closeable {
    private final Closeable lock;
    private final Places places;
    private final RunFolder folder;
    private final Run head;
    private final Journal journal;
    private final Map<String, List<ForkResult>> forks = new LinkedHashMap<>();
    private final Map<String, CellResult> merged = new HashMap<>();
    private final Map<String, Double> seconds = new HashMap<>();
    private final Set<String> reported = new LinkedHashSet<>();
    private final List<String> beforeForks = new ArrayList<>();
    private @Nullable MeterReport proof;

    private PlanRunner(Closeable lock, Places places, RunFolder folder, Run head, Journal journal) {
        this.lock = lock;
        this.places = places;
        this.folder = folder;
        this.head = head;
        this.journal = journal;
        reported.addAll(head.warnings());
    }

    /**
     * Creates the run folder, then the synthetic models. A folder that is not writable is then found before minutes go
     * into a model.
     *
     * @param out the parent of the run folder
     * @param version Headroom's version
     * @param progress receives the model that is being written and its progress, 0 to 1
     * @throws BadInput if one cannot be created, which leaves nothing behind; or if another benchmark is running
     */
    public static PlanRunner prepare(Places places, Path out, String version, BiConsumer<Run.Model, Double> progress) {
        Closeable lock = MachineLock.take("plan " + places.plan().name());
        RunFolder folder = RunFolder.create(out, places.plan().name(), LocalDateTime.now(ZoneId.systemDefault()));
        try {
            places.makeModels(progress);
        } catch (BadInput e) {
            folder.remove();
            throw e;
        }
        Run head = places.run(folder.id(), version, Timestamp.seconds());
        return new PlanRunner(lock, places, folder, head, Journal.begin(folder.path(), head));
    }

    /**
     * Resumes a run: its measured forks are kept.
     *
     * @throws BadInput if the conditions have changed, or another benchmark is running
     */
    public static PlanRunner resume(
            UnfinishedRun unfinished, Places places, String version, BiConsumer<Run.Model, Double> progress) {
        Closeable lock = MachineLock.take("plan " + places.plan().name());
        RunFolder folder = unfinished.folder();
        Run begun = unfinished.content().head();
        Run head = places.run(begun.id(), version, begun.started());
        unfinished.check(head);
        places.makeModels(progress);
        Journal journal = Journal.resume(folder.path(), unfinished.content());
        PlanRunner runner = new PlanRunner(lock, places, folder, unfinished.continued(head), journal);
        for (ForkResult fork : unfinished.content().forks()) {
            runner.add(fork);
            places.place(fork.cell()).remember(fork);
        }
        return runner;
    }

    /** The folder of the results. */
    public Path folder() {
        return folder.path();
    }

    /** The number of cells that need no more forks. */
    public int done() {
        return (int) places.cells().stream().filter(this::isDone).count();
    }

    /** Ends the current fork, and the run. */
    public void cancel() {
        places.cancel();
    }

    /** Measures every cell that is not done. A cell that fails is a result. */
    public Run run(RunListener listener) {
        report(write(current(null)).map(Warning::text).stream(), listener);
        for (Place place : places.all()) {
            listener.proving();
            Place.Proof proved = place.prove();
            proof = proof == null ? proved.report() : proof;
            proved.warnings().forEach(warning -> beforeForks.add(places.in(place, warning)));
        }
        report(settled(), listener);
        places.blocks().forEach(block -> measure(block, listener));
        Run run = current(places.isCancelled() ? null : Timestamp.seconds());
        Optional<Warning.NotReplaced> stale = write(run);
        report(unsettled(), listener);
        if (stale.isPresent()) {
            throw new BadInput(stale.get().atTheEnd(folder.path()));
        }
        return run;
    }

    /** Measures a block of cells. Their forks take turns, because these cells are compared with each other. */
    private void measure(List<Cell> block, RunListener listener) {
        while (true) {
            List<Cell> unfinished = block.stream().filter(cell -> !isDone(cell)).toList();
            for (Cell cell : Places.next(unfinished, this::measured)) {
                if (places.isCancelled()) {
                    return;
                }
                Optional<ForkResult> fork = places.fork(folder.logs(), cell, measured(cell) + 1, listener);
                if (fork.isPresent()) {
                    journal.append(fork.get());
                    add(fork.get());
                    seconds.merge(cell.id(), fork.get().seconds(), Double::sum);
                    report(settled(), listener);
                    if (isDone(cell)) {
                        report(write(current(null)).map(Warning::text).stream(), listener);
                        listener.cell(cell, result(cell), seconds.getOrDefault(cell.id(), 0.0));
                    }
                }
            }
            if (unfinished.isEmpty() || places.isCancelled()) {
                return;
            }
        }
    }

    private int measured(Cell cell) {
        return results(cell).size();
    }

    private void add(ForkResult fork) {
        results(fork.cell()).add(fork);
        merged.remove(fork.cell());
    }

    private List<ForkResult> results(Cell cell) {
        return results(cell.id());
    }

    private List<ForkResult> results(String cell) {
        return forks.computeIfAbsent(cell, id -> new ArrayList<>());
    }

    /**
     * Whether a cell needs no more forks. A cell with a failed fork is done: it would fail again, and running out of
     * memory strains the machine.
     */
    private boolean isDone(Cell cell) {
        List<ForkResult> results = results(cell);
        return results.size() >= cell.settings().forks() || results.stream().anyMatch(fork -> !fork.ok());
    }

    /** Passes on warnings that are new. */
    private void report(Stream<String> warnings, RunListener listener) {
        warnings.filter(reported::add).forEach(listener::warning);
    }

    /** Warnings that later forks do not change. */
    private Stream<String> settled() {
        return Stream.of(
                        head.warnings().stream(),
                        beforeForks.stream(),
                        allForks().flatMap(this::warnings).map(Warning::text))
                .flatMap(all -> all);
    }

    /** Warnings that name the worst cell, which later cells may change. */
    private Stream<String> unsettled() {
        List<CellResult> cells = cells();
        return Stream.of(
                        Warning.WronglyPredicted.of(cells),
                        Warning.Spilled.of(cells),
                        Warning.Noisy.of(allForks().toList()))
                .flatMap(List::stream)
                .map(Warning::text);
    }

    private Stream<ForkResult> allForks() {
        return forks.values().stream().flatMap(List::stream);
    }

    private Stream<Warning> warnings(ForkResult fork) {
        return Stream.concat(Warning.Repeated.of(fork).stream(), lost(fork).stream());
    }

    /**
     * The metrics that a fork lost: meters that stopped, or VRAM that no iteration has although its meter worked before
     * the run.
     */
    private Optional<Warning> lost(ForkResult fork) {
        List<Metric> lost = fork.memory() == null ? List.of() : fork.memory().lost();
        if (lost.isEmpty() && fork.ok()) {
            String place = places.place(fork.cell()).preparation().name();
            lost = Stream.of(Metric.VRAM_PEAK, Metric.VRAM_HOST_PEAK)
                    .filter(metric -> head.place(place).meters().stream()
                            .anyMatch(meter -> meter.metrics().contains(metric.label())))
                    .filter(metric -> fork.iterations().stream()
                            .noneMatch(iteration -> iteration.metrics().containsKey(metric)))
                    .toList();
        }
        return lost.isEmpty() ? Optional.empty() : Optional.of(new Warning.Lost(fork.cell(), fork.fork(), lost));
    }

    private Run current(@Nullable String ended) {
        return head.with(
                ended, proof, Stream.concat(settled(), unsettled()).distinct().toList(), cells());
    }

    /** Replaces all files except those that another program has open. The journal has the same data. */
    private Optional<Warning.NotReplaced> write(Run run) {
        List<RunResult> jmh = new ArrayList<>();
        List<ForkResult> all = new ArrayList<>();
        for (Cell cell : places.cells()) {
            JmhResults.merged(cell, results(cell)).ifPresent(jmh::add);
            all.addAll(results(cell));
        }
        String jmhJson = JmhResults.json(jmh);
        Map<String, String> files = new LinkedHashMap<>();
        files.put("run.json", Json.pretty(run));
        files.put("jmh.json", jmhJson);
        files.putAll(JmhJson.visualizer(jmhJson));
        files.put("cells.csv", CellsCsv.of(run));
        files.put("iterations.csv", IterationsCsv.of(run, all));
        Map<String, String> kept = new LinkedHashMap<>();
        files.forEach((name, text) -> folder.replace(name, text).ifPresent(reason -> kept.put(name, reason)));
        return kept.isEmpty() ? Optional.empty() : Optional.of(new Warning.NotReplaced(kept));
    }

    private List<CellResult> cells() {
        return SpillSignals.judge(
                places.cells().stream().map(this::result).toList(),
                cell -> head.place(cell.params().getOrDefault(Parameter.ENVIRONMENT.key(), "")));
    }

    private CellResult result(Cell cell) {
        return merged.computeIfAbsent(
                cell.id(),
                id -> JmhResults.cellResult(
                        cell, results(cell), places.place(id).preparation().prediction(id)));
    }

    /** Releases the machine's lock. */
    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
