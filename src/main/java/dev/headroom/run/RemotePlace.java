package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.environment.Environment;
import dev.headroom.place.Entrance;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An environment in which another Headroom was started, which measures what this one asks for: see {@link PlaceServer}.
 */
final class RemotePlace implements Place {
    /** How long this process may take to notice a signal that ended the other one. */
    private static final long NOTICE_MILLIS = 2_000;

    private static final long END_SECONDS = 20;

    private final String name;
    private final Entrance entrance;
    private final Messages.Prepare request;
    private final Run told;
    private final Preparation preparation;
    private @Nullable Dialogue dialogue;
    private volatile boolean cancelled;

    private RemotePlace(
            String name,
            Entrance entrance,
            Messages.Prepare request,
            Run told,
            Preparation preparation,
            Dialogue dialogue) {
        this.name = name;
        this.entrance = entrance;
        this.request = request;
        this.told = told;
        this.preparation = preparation;
        this.dialogue = dialogue;
    }

    /**
     * Enters an environment and has it looked at from inside.
     *
     * @param label what the plan calls it
     * @param version Headroom's
     * @throws BadInput if it cannot be entered, or something cannot be used in there
     */
    static RemotePlace open(Plan plan, String label, Entrance entrance, String version, boolean strict) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Entry entry : plan.withModelFiles(entrance.path()).entries()) {
            settings.put(entry.key(), entry.value());
        }
        Messages.Prepare request =
                new Messages.Prepare(version, plan.name(), settings, label, strict, !entrance.sameMachine());
        try {
            Dialogue dialogue = Dialogue.with(entrance.command());
            try {
                Messages.Prepared answer = ask(dialogue, request);
                Preparation preparation = prepared(plan, label, answer);
                return new RemotePlace(label, entrance, request, answer.run(), preparation, dialogue);
            } catch (Dialogue.Gone | BadInput e) {
                close(dialogue, entrance);
                throw e;
            }
        } catch (Dialogue.Gone | BadInput e) {
            throw new BadInput("Environment " + label + " cannot be entered: " + e.getMessage(), e);
        }
    }

    private static Messages.Prepared ask(Dialogue dialogue, Messages.Prepare request) throws Dialogue.Gone {
        dialogue.say(request);
        return dialogue.hear(Messages.Prepared.class, other -> {});
    }

    private static Preparation prepared(Plan plan, String label, Messages.Prepared told) {
        List<Cell> cells = plan.cells().stream()
                .filter(cell -> cell.value(Parameter.ENVIRONMENT).equals(label))
                .map(cell -> resolved(cell, told.cells().getOrDefault(cell.id(), Map.of())))
                .toList();
        Map<String, String> facts = new LinkedHashMap<>(told.run().environment());
        String detected = Optional.ofNullable(facts.remove("name")).orElse(label);
        return Preparation.of(cells, new Environment(detected, facts), told.run(), told.predictions());
    }

    private static Cell resolved(Cell cell, Map<String, String> parameters) {
        Cell resolved = cell;
        for (Parameter parameter : cell.benchmark().parameters()) {
            String value = parameters.get(parameter.key());
            if (value != null) {
                resolved = resolved.with(parameter, value);
            }
        }
        return resolved;
    }

    @Override
    public Preparation preparation() {
        return preparation;
    }

    @Override
    public boolean onThisMachine() {
        return entrance.sameMachine();
    }

    @Override
    public void makeModels(BiConsumer<Run.Model, Double> progress) {
        try {
            Dialogue with = dialogue();
            with.say(new Messages.MakeModels());
            with.hear(Messages.Done.class, reply -> {
                if (reply instanceof Messages.Writing writing) {
                    Optional.ofNullable(preparation.models().get(writing.model()))
                            .ifPresent(model -> progress.accept(model, writing.done()));
                }
            });
        } catch (Dialogue.Gone | BadInput e) {
            throw new BadInput("Models cannot be made in environment " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Proof prove() {
        try {
            Dialogue with = dialogue();
            with.say(new Messages.Prove());
            return with.hear(Messages.Proved.class, other -> {}).proof();
        } catch (Dialogue.Gone | BadInput e) {
            leave();
            return new Proof(null, List.of(new Warning.NotProved(String.valueOf(e.getMessage())).text()));
        }
    }

    @Override
    public void remember(ForkResult fork) {
        try {
            Dialogue with = dialogue();
            with.say(new Messages.Remember(fork));
            with.hear(Messages.Done.class, other -> {});
        } catch (Dialogue.Gone | BadInput e) {
            leave();
        }
    }

    @Override
    public Optional<ForkResult> fork(RunFolder folder, Cell cell, int number, PlanRunner.Listener listener) {
        String started = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        long start = System.nanoTime();
        try {
            Dialogue with = dialogue();
            with.say(new Messages.Measure(cell.id(), number));
            Messages.Measured measured = with.hear(Messages.Measured.class, reply -> {
                if (reply instanceof Messages.Warned warned) {
                    listener.warning(name + ": " + warned.text());
                } else if (reply instanceof Messages.Began began) {
                    Integer iteration = began.iteration();
                    if (iteration == null) {
                        listener.fork(cell, number);
                    } else {
                        listener.iteration(cell, number, iteration);
                    }
                }
            });
            measured.logs().forEach((file, text) -> folder.keep(file, text));
            cancelled |= measured.over();
            return Optional.ofNullable(measured.fork());
        } catch (BadInput e) {
            return Optional.of(ForkResult.refused(cell.id(), number, String.valueOf(e.getMessage()), started));
        } catch (Dialogue.Gone e) {
            if (wasCancelled()) {
                return Optional.empty();
            }
            leave();
            return Optional.of(ForkResult.failed(
                    cell.id(),
                    number,
                    Status.CRASHED,
                    "The Headroom in environment " + name + " was lost. " + e.getMessage(),
                    started,
                    (System.nanoTime() - start) / 1e9));
        }
    }

    /** A terminal sends its signals to all, and the other one may be gone before this one has noticed. */
    private boolean wasCancelled() {
        long start = System.nanoTime();
        while (!cancelled
                && dialogue != null
                && dialogue.isTerminated()
                && System.nanoTime() - start < NOTICE_MILLIS * 1_000_000) {
            LockSupport.parkNanos(50_000_000);
        }
        return cancelled;
    }

    /** The Headroom inside; a new one if the last was lost. */
    private Dialogue dialogue() throws Dialogue.Gone {
        Dialogue last = dialogue;
        if (last != null) {
            return last;
        }
        Dialogue again = Dialogue.with(entrance.command());
        dialogue = again;
        List<String> differences;
        try {
            differences = UnfinishedRun.differences(told, ask(again, request).run());
        } catch (BadInput e) {
            leave(); // it has prepared nothing
            throw e;
        }
        if (!differences.isEmpty()) {
            leave();
            throw new BadInput(
                    "Environment " + name + " is no longer what it was: " + String.join("; ", differences) + ".");
        }
        return again;
    }

    private void leave() {
        if (dialogue != null) {
            close(dialogue, entrance);
            dialogue = null;
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        Dialogue with = dialogue;
        if (with != null) {
            with.end();
        }
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public void close() {
        leave();
    }

    private static void close(Dialogue dialogue, Entrance entrance) {
        dialogue.close();
        if (!entrance.end().isEmpty()) {
            try {
                Process process = new ProcessBuilder(entrance.end())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                process.waitFor(END_SECONDS, TimeUnit.SECONDS);
            } catch (IOException e) {
                // what was started by the same program is not there either
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Unpacks a bundle in an environment.
     *
     * @throws BadInput if it cannot be done
     */
    static void unpack(String label, List<String> command, Path bundle) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(bundle.toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            if (exit != 0) {
                throw new BadInput("The bundle " + bundle + " could not be unpacked in environment " + label + ": "
                        + command.get(0) + " ended with " + ProcessEnd.how(exit)
                        + said.lines()
                                .reduce((first, last) -> last)
                                .map(last -> ", saying " + last)
                                .orElse("") + ".");
            }
        } catch (IOException e) {
            throw new BadInput(
                    "The bundle " + bundle + " could not be unpacked in environment " + label + ": " + e.getMessage()
                            + ".",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
