package dev.headroom.cli;

import dev.headroom.place.Places;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Overrides;
import dev.headroom.plan.Plan;
import dev.headroom.plan.Profiles;
import dev.headroom.result.CellResult;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import dev.headroom.run.PlanRunner;
import dev.headroom.run.RunListener;
import dev.headroom.run.UnfinishedRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code headroom run}: runs a plan. */
@Command(
        name = "run",
        description = {
            "Run a plan: every benchmark with every model, context length and setting.",
            "Each fork is a fresh JVM. Forks run one at a time.",
            "Separate list elements by commas. An option with an empty value counts as not given."
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    Output output = new Output();

    @Option(names = "--plan", paramLabel = "NAME|FILE", description = "Default: quick.")
    String plan = "";

    @Option(names = "--model", paramLabel = "MODEL,…", description = "GGUF files or synthetic models.")
    String model = "";

    @Option(names = "--context", paramLabel = "TOKENS,…", description = "Context lengths.")
    String context = "";

    @Option(names = "--environment", paramLabel = "NAME,…", description = "Environments.")
    String environment = "";

    @Option(names = "--benchmark", paramLabel = "REGEX", description = "Only these benchmarks.")
    String benchmark = "";

    @Option(
            names = "--param",
            paramLabel = "KEY=VALUE",
            description = "Any key of a plan, for example kvType=f16,q8_0.")
    List<String> params = List.of();

    @Option(names = "--forks", paramLabel = "N", description = "Forks of each cell.")
    String forks = "";

    @Option(names = "--warmup", paramLabel = "N", description = "Warm-up iterations.")
    String warmup = "";

    @Option(names = "--iterations", paramLabel = "N", description = "Measured iterations.")
    String iterations = "";

    @Option(names = "--time", paramLabel = "TIME", description = "Of an iteration: 300ms, 2s, 1m.")
    String time = "";

    @Option(names = "--llama", paramLabel = "DIR", description = "Directory of llama.cpp.")
    @Nullable
    Path llama;

    @Option(names = "--out", paramLabel = "DIR", description = "Default: results.")
    Path out = Path.of("results");

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description = "Continue the run in this folder: measure missing forks with the same settings.")
    @Nullable
    Path resume;

    @Option(names = "--dry-run", description = "Print what the run would do, and stop.")
    boolean dryRun;

    @Option(
            names = "--strict",
            description = {
                "Reject results measured under noise (load, heat, swapping, battery, …). Do not start on a noisy"
                        + " system, wait up to ten minutes before a fork, reject a disturbed fork."
            })
    boolean strict;

    @Override
    public Integer call() {
        UnfinishedRun unfinished = given(resume).map(UnfinishedRun::in).orElse(null);
        Path library = given(llama)
                .or(() -> unfinished == null ? Optional.empty() : unfinished.llama())
                .orElse(null);
        try (Places places = Places.open(plan(unfinished), library, Version.current(), strict)) {
            return run(unfinished, places);
        }
    }

    private int run(@Nullable UnfinishedRun unfinished, Places places) {
        RunText text = new RunText(places);
        places.warnings().forEach(output::warn);
        if (dryRun) {
            output.answer(text.preview(), text.summary());
            return 0;
        }
        output.info(text.summary());
        BiConsumer<Run.Model, Double> writing =
                (synthetic, done) -> output.progress(done, "writing " + synthetic.path());
        try (PlanRunner runner = unfinished == null
                ? PlanRunner.prepare(places, out, Version.current(), writing)
                : PlanRunner.resume(unfinished, places, Version.current(), writing)) {
            output.info("results      " + runner.folder() + "\n");
            Interruption interruption = Interruption.of(runner::cancel);
            Run run;
            try {
                run = runner.run(new Progress(places, text, runner.done()));
                output.answer(run, text.results(run));
                output.info("Results in " + runner.folder());
                if (run.ended() == null) {
                    output.info("Interrupted with " + runner.done() + " of "
                            + places.cells().size() + " cells done. Continue with run --resume "
                            + runner.folder());
                    return Headroom.INTERRUPTED;
                }
            } finally {
                interruption.finish();
            }
            boolean allOk = run.cells().stream().allMatch(cell -> cell.status() == Status.OK);
            return allOk ? 0 : Headroom.SOME_CELLS_FAILED;
        }
    }

    private static Optional<Path> given(@Nullable Path path) {
        return Optional.ofNullable(path).filter(some -> !some.toString().isBlank());
    }

    private Plan plan(@Nullable UnfinishedRun unfinished) {
        Plan named = unfinished != null && plan.isBlank()
                ? unfinished.plan()
                : Profiles.standard().plan(plan.isBlank() ? "quick" : plan);
        return named.with(
                new Overrides(model, context, environment, benchmark, params, forks, warmup, iterations, time));
    }

    /** Prints a line for each cell, and a bar with the remaining time. */
    private final class Progress implements RunListener {
        private final Places places;
        private final RunText text;
        private double estimatedSeconds;
        private double takenSeconds;
        private int done;

        /** @param done the number of cells that were measured before the run was resumed */
        Progress(Places places, RunText text, int done) {
            this.places = places;
            this.text = text;
            this.done = done;
        }

        @Override
        public void proving() {
            output.progress(0, "testing the meters with memory of known size");
        }

        @Override
        public void warning(String warning) {
            output.warn(warning);
        }

        @Override
        public void fork(Cell cell, int fork) {
            show(cell, fork, "starting");
        }

        @Override
        public void iteration(Cell cell, int fork, int iteration) {
            int all = cell.settings().warmup() + cell.settings().iterations();
            show(cell, fork, "iteration " + ((iteration - 1) % all + 1) + " of " + all);
        }

        @Override
        public void cell(Cell cell, CellResult result, double seconds) {
            estimatedSeconds += places.estimate(cell).toMillis() / 1e3;
            takenSeconds += seconds;
            done++;
            output.info(text.line(done, cell, result, seconds, left()));
        }

        private void show(Cell cell, int fork, String what) {
            String forks = cell.settings().forks() > 1
                    ? ", fork " + fork + " of " + cell.settings().forks()
                    : "";
            output.progress(
                    estimatedSeconds / total(),
                    cell.id() + forks + ", " + what + ", " + RunText.duration(left()) + " left");
        }

        /** The remaining seconds: the estimate, scaled by the real duration of the cells so far. */
        private double left() {
            double scale = estimatedSeconds == 0 ? 1 : takenSeconds / estimatedSeconds;
            return Math.max(0, (total() - estimatedSeconds) * scale);
        }

        private double total() {
            return places.estimate().toMillis() / 1e3;
        }
    }
}
