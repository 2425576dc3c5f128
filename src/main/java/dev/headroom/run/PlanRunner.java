package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.export.CellsCsv;
import dev.headroom.export.IterationsCsv;
import dev.headroom.export.JmhJson;
import dev.headroom.fork.JmhResults;
import dev.headroom.fork.MachineLock;
import dev.headroom.place.HostVram;
import dev.headroom.place.Place;
import dev.headroom.place.Places;
import dev.headroom.plan.Cell;
import dev.headroom.result.CellResult;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
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
 * Runs the cells of a plan one fork after the other. A fork that ends goes into the journal; every other file of the
 * run folder is made from it anew after each cell.
 */
public final class PlanRunner implements Closeable {
    private static final String VRAM = "·vram.peak";

    private final Closeable lock;
    private final Places places;
    private final RunFolder folder;
    private final Run head;
    private final Journal journal;
    private final Map<String, List<ForkResult>> forks = new LinkedHashMap<>();
    private final Map<String, CellResult> merged = new HashMap<>();
    private final Map<String, Double> seconds = new HashMap<>();
    private final Set<String> told = new LinkedHashSet<>();
    private final List<String> beforeForks = new ArrayList<>();
    private @Nullable MeterReport proof;

    private PlanRunner(Closeable lock, Places places, RunFolder folder, Run head, Journal journal) {
        this.lock = lock;
        this.places = places;
        this.folder = folder;
        this.head = head;
        this.journal = journal;
        told.addAll(head.warnings());
    }

    /**
     * Makes the run folder, then the synthetic models: a folder that cannot be written to is found before minutes go
     * into a model.
     *
     * @param out the folder that the run folder is made in
     * @param version Headroom's
     * @param progress told which model is being written and how far it is, 0 to 1
     * @throws BadInput if either cannot be made, and then neither is left behind; or if another benchmark is running
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
        Run head = places.run(folder.id(), version, now());
        return new PlanRunner(lock, places, folder, head, Journal.begin(folder.path(), head));
    }

    /**
     * Goes on with a run: what it has measured stays.
     *
     * @throws BadInput if the rest would not be measured with the same, or another benchmark is running
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
        PlanRunner runner = new PlanRunner(lock, places, folder, head, journal);
        for (ForkResult fork : unfinished.content().forks()) {
            runner.add(fork);
            places.place(fork.cell()).remember(fork);
        }
        return runner;
    }

    /** Where the results are. */
    public Path folder() {
        return folder.path();
    }

    /** How many cells need no more forks. */
    public int done() {
        return (int) places.cells().stream().filter(this::isDone).count();
    }

    /** Ends the fork that runs, and the run. */
    public void cancel() {
        places.cancel();
    }

    /** Measures every cell that is not done yet; a cell that fails is a result. */
    public Run run(RunListener listener) {
        tell(write(current(null)).map(Warning::text).stream(), listener);
        for (Place place : places.all()) {
            listener.proving();
            Place.Proof proved = place.prove();
            proof = proof == null ? proved.report() : proof;
            proved.warnings().forEach(warning -> beforeForks.add(places.in(place, warning)));
        }
        tell(settled(), listener);
        places.blocks().forEach(block -> measure(block, listener));
        Run run = current(places.isCancelled() ? null : now());
        Optional<Warning.NotReplaced> stale = write(run);
        tell(unsettled(), listener);
        if (stale.isPresent()) {
            throw new BadInput(stale.get().atTheEnd(folder.path()));
        }
        return run;
    }

    /** Cells that are compared with each other take turns. */
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
                    tell(settled(), listener);
                    if (isDone(cell)) {
                        tell(write(current(null)).map(Warning::text).stream(), listener);
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
     * A cell with a fork that failed is done: it would fail again, and out of memory on purpose is hard on a machine.
     */
    private boolean isDone(Cell cell) {
        List<ForkResult> results = results(cell);
        return results.size() >= cell.settings().forks() || results.stream().anyMatch(fork -> !fork.ok());
    }

    /** Tells what has not been told yet. */
    private void tell(Stream<String> warnings, RunListener listener) {
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

    /** What a fork lost in its middle; or VRAM, where it could be measured before the run and is in no iteration. */
    private Optional<Warning> lost(ForkResult fork) {
        List<String> lost = fork.memory() == null ? List.of() : fork.memory().lost();
        if (lost.isEmpty() && fork.ok()) {
            String place = places.place(fork.cell()).preparation().name();
            lost = head.place(place).meters().stream()
                    .flatMap(meter -> meter.metrics().stream())
                    .filter(label -> label.equals(VRAM) || label.equals(HostVram.PEAK))
                    .filter(label -> fork.iterations().stream()
                            .noneMatch(iteration -> iteration.metrics().containsKey(label)))
                    .distinct()
                    .toList();
        }
        return lost.isEmpty() ? Optional.empty() : Optional.of(new Warning.Lost(fork.cell(), fork.fork(), lost));
    }

    private Run current(@Nullable String ended) {
        return head.with(
                ended, proof, Stream.concat(settled(), unsettled()).distinct().toList(), cells());
    }

    /** Replaces all files, as far as nobody keeps them open: the journal has everything that they have. */
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
        return places.cells().stream().map(this::result).toList();
    }

    private CellResult result(Cell cell) {
        return merged.computeIfAbsent(
                cell.id(),
                id -> places.place(id).preparation().withPrediction(JmhResults.cellResult(cell, results(cell))));
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
