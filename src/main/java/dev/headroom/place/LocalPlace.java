package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.fork.ForkListener;
import dev.headroom.fork.ForkTimeouts;
import dev.headroom.fork.JmhFork;
import dev.headroom.fork.NoiseWatch;
import dev.headroom.llama.LlamaHome;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Plan;
import dev.headroom.probe.MeterProbe;
import dev.headroom.result.ForkResult;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import dev.headroom.result.Timestamp;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The place of this process, which starts the forks itself. */
final class LocalPlace implements Place {
    /** How often a fork is repeated that could not run all the time. */
    private static final int MOST_REPEATS = 3;

    private final Path llamaHome;
    private final Preparation preparation;
    private final NoiseWatch noise;
    private double slowness = 1;
    private volatile boolean cancelled;

    private LocalPlace(Path llamaHome, Preparation preparation, NoiseWatch noise) {
        this.llamaHome = llamaHome;
        this.preparation = preparation;
        this.noise = noise;
    }

    /**
     * Inspects the machine, llama.cpp and the models, and measures noise.
     *
     * @param label the plan's value of the parameter environment
     * @param llama value of --llama; null without one
     * @param strict whether no figure taken under noise is kept
     * @throws BadInput if something cannot be used, or there is noise and the run is strict
     */
    static LocalPlace open(Plan plan, String label, @Nullable Path llama, boolean strict) {
        NoiseWatch noise = NoiseWatch.begin(strict);
        Path home = LlamaHome.find(llama).toAbsolutePath();
        Preparation preparation = PlaceInspection.of(plan, label, home);
        noise.beforeRun();
        return new LocalPlace(home, preparation, noise);
    }

    @Override
    public Preparation preparation() {
        return preparation;
    }

    @Override
    public boolean onThisMachine() {
        return true;
    }

    @Override
    public void makeModels(BiConsumer<Run.Model, Double> progress) {
        preparation.makeModels(progress);
    }

    @Override
    public Proof prove() {
        List<Warning> warnings = new ArrayList<>(noise.before());
        try {
            MeterReport report =
                    MeterProbe.recent(llamaHome, preparation.facts().llama().devices());
            warnings.addAll(Warning.Disturbed.of(report));
            preparation.facts().meters().forEach(meter -> warnings.addAll(Warning.Misleading.of(meter, report)));
            return new Proof(report, texts(warnings));
        } catch (BadInput e) {
            warnings.add(new Warning.NotProved(String.valueOf(e.getMessage())));
            return new Proof(null, texts(warnings));
        }
    }

    private static List<String> texts(List<Warning> warnings) {
        return warnings.stream().map(Warning::text).toList();
    }

    @Override
    public void remember(ForkResult fork) {
        noise.remember(fork);
        learn(fork);
    }

    private void learn(ForkResult fork) {
        double estimated = preparation.estimate(fork.cell()).fork().toMillis() / 1e3;
        if (fork.ok() && estimated > 0) {
            slowness = Math.max(slowness, fork.seconds() / estimated);
        }
    }

    @Override
    public Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener) {
        Optional<ForkResult> refused = Optional.ofNullable(
                        preparation.refusals().get(cell.id()))
                .map(reason -> ForkResult.refused(cell.id(), number, reason, Timestamp.seconds()))
                .or(() -> noise.refusal(cell.id(), number, listener::warning, () -> cancelled));
        if (refused.isPresent() || cancelled) {
            return cancelled ? Optional.empty() : refused;
        }
        Path model = cell.model()
                .map(name -> Path.of(Objects.requireNonNull(preparation.models().get(name.id()))
                        .path()))
                .orElse(null);
        ForkTimeouts limits = ForkTimeouts.of(cell, preparation.estimate(cell.id()), slowness);
        JmhFork jmh = new JmhFork(logs, llamaHome, () -> cancelled);
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
                cancelled = true; // a process that cannot be ended would disturb all others
            }
            ForkResult result = noise.since(before, outcome.get().result());
            String stoodStill = outcome.get().stoodStill();
            if (stoodStill == null || result.status() == Status.TIMEOUT || repeats.size() == MOST_REPEATS) {
                learn(result);
                return Optional.of(result.after(repeats));
            }
            repeats.add(stoodStill);
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void close() {}
}
