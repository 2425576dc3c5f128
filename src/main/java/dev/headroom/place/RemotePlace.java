package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.environment.Environment;
import dev.headroom.fork.ForkListener;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.probe.ProcessEnd;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import dev.headroom.result.Warning;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
    private final LaunchCommand entrance;
    private final Messages.Prepare request;
    private final Run told;
    private final Preparation preparation;
    private @Nullable ServerConnection dialogue;
    private volatile boolean cancelled;

    private RemotePlace(
            String name,
            LaunchCommand entrance,
            Messages.Prepare request,
            Run told,
            Preparation preparation,
            ServerConnection dialogue) {
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
    static RemotePlace open(Plan plan, String label, LaunchCommand entrance, String version, boolean strict) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Entry entry : plan.withModelFiles(entrance.path()).entries()) {
            settings.put(entry.key(), entry.value());
        }
        Messages.Prepare request =
                new Messages.Prepare(version, plan.name(), settings, label, strict, !entrance.sameMachine());
        try {
            ServerConnection dialogue = ServerConnection.with(entrance.command());
            try {
                Messages.Prepared answer = ask(dialogue, request);
                Preparation preparation = prepared(plan, label, answer);
                return new RemotePlace(label, entrance, request, answer.run(), preparation, dialogue);
            } catch (ServerConnection.Gone | BadInput e) {
                close(dialogue, entrance);
                throw e;
            }
        } catch (ServerConnection.Gone | BadInput e) {
            throw new BadInput("Environment " + label + " cannot be entered: " + e.getMessage(), e);
        }
    }

    private static Messages.Prepared ask(ServerConnection dialogue, Messages.Prepare request)
            throws ServerConnection.Gone {
        dialogue.say(request);
        return dialogue.hear(Messages.Prepared.class, other -> {});
    }

    private static Preparation prepared(Plan plan, String label, Messages.Prepared told) {
        List<Cell> cells = plan.cells().stream()
                .filter(cell -> cell.value(Parameter.ENVIRONMENT).equals(label))
                .map(cell -> cell.resolved(told.cells().getOrDefault(cell.id(), Map.of())))
                .toList();
        Map<String, String> facts = new LinkedHashMap<>(told.run().environment());
        String detected = Optional.ofNullable(facts.remove("name")).orElse(label);
        return Preparation.of(cells, new Environment(detected, facts), told.run(), told.predictions());
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
            ServerConnection with = dialogue();
            with.say(new Messages.MakeModels());
            with.hear(Messages.Done.class, reply -> {
                if (reply instanceof Messages.Writing writing) {
                    Optional.ofNullable(preparation.models().get(writing.model()))
                            .ifPresent(model -> progress.accept(model, writing.done()));
                }
            });
        } catch (ServerConnection.Gone | BadInput e) {
            throw new BadInput("Models cannot be made in environment " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Proof prove() {
        try {
            ServerConnection with = dialogue();
            with.say(new Messages.Prove());
            return with.hear(Messages.Proved.class, other -> {}).proof();
        } catch (ServerConnection.Gone | BadInput e) {
            leave();
            return new Proof(null, List.of(new Warning.NotProved(String.valueOf(e.getMessage())).text()));
        }
    }

    @Override
    public void remember(ForkResult fork) {
        try {
            ServerConnection with = dialogue();
            with.say(new Messages.Remember(fork));
            with.hear(Messages.Done.class, other -> {});
        } catch (ServerConnection.Gone | BadInput e) {
            leave();
        }
    }

    @Override
    public Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener) {
        String started = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        long start = System.nanoTime();
        try {
            ServerConnection with = dialogue();
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
            measured.logs().forEach((name, text) -> keep(logs, name, text));
            cancelled |= measured.over();
            return Optional.ofNullable(measured.fork());
        } catch (BadInput e) {
            return Optional.of(ForkResult.refused(cell.id(), number, String.valueOf(e.getMessage()), started));
        } catch (ServerConnection.Gone e) {
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

    /** Writes a fork's file that the other Headroom sent. No name leads out of the folder. */
    private static void keep(Path logs, String name, String text) {
        Path file = logs.resolve(String.valueOf(Path.of(name).getFileName()));
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e, "");
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
    private ServerConnection dialogue() throws ServerConnection.Gone {
        ServerConnection last = dialogue;
        if (last != null) {
            return last;
        }
        ServerConnection again = ServerConnection.with(entrance.command());
        dialogue = again;
        List<String> differences;
        try {
            differences = RunDifferences.between(told, ask(again, request).run());
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
        ServerConnection with = dialogue;
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

    private static void close(ServerConnection dialogue, LaunchCommand entrance) {
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
