package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.fork.ForkListener;
import dev.headroom.fork.TerminalSignal;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.probe.ProcessEnd;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Run;
import dev.headroom.result.Status;
import dev.headroom.result.Timestamp;
import dev.headroom.result.Warning;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** An environment in which another Headroom measures forks for this one: see {@link PlaceServer}. */
final class RemotePlace implements Place {
    private static final long END_SECONDS = 20;

    private final String name;
    private final LaunchCommand launch;
    private final Messages.Prepare request;
    private final Messages.Prepared prepared;
    private final Preparation preparation;
    private @Nullable ServerConnection connection;
    private volatile boolean cancelled;

    private RemotePlace(
            String name,
            LaunchCommand launch,
            Messages.Prepare request,
            Messages.Prepared prepared,
            Preparation preparation,
            ServerConnection connection) {
        this.name = name;
        this.launch = launch;
        this.request = request;
        this.prepared = prepared;
        this.preparation = preparation;
        this.connection = connection;
    }

    /**
     * Enters an environment. The Headroom inside inspects it.
     *
     * @param label the plan's value of the parameter environment
     * @param version Headroom's version
     * @throws BadInput if it cannot be entered, or something inside cannot be used
     */
    static RemotePlace open(Plan plan, String label, LaunchCommand launch, String version, boolean strict) {
        Messages.Prepare request = new Messages.Prepare(
                version, PlanRecord.of(plan.withModelFiles(launch.path())), label, strict, !launch.sameMachine());
        try {
            ServerConnection connection = ServerConnection.open(launch.command());
            try {
                Messages.Prepared prepared = ask(connection, request);
                return new RemotePlace(
                        label, launch, request, prepared, preparation(plan, label, prepared), connection);
            } catch (ServerConnection.ConnectionLost | BadInput e) {
                close(connection, launch);
                throw e;
            }
        } catch (ServerConnection.ConnectionLost | BadInput e) {
            throw new BadInput("Environment " + label + " cannot be entered: " + e.getMessage(), e);
        }
    }

    private static Messages.Prepared ask(ServerConnection connection, Messages.Prepare request)
            throws ServerConnection.ConnectionLost {
        connection.send(request);
        return connection.receive(Messages.Prepared.class, other -> {});
    }

    private static Preparation preparation(Plan plan, String label, Messages.Prepared prepared) {
        List<Cell> cells = plan.cells().stream()
                .filter(cell -> cell.value(Parameter.ENVIRONMENT).equals(label))
                .map(cell -> cell.resolved(prepared.cells().getOrDefault(cell.id(), Map.of())))
                .toList();
        Map<String, Run.Model> models = new LinkedHashMap<>();
        prepared.models().forEach(model -> models.put(model.id(), model));
        return new Preparation(cells, prepared.facts(), models, Map.of(), prepared.predictions(), prepared.warnings());
    }

    @Override
    public Preparation preparation() {
        return preparation;
    }

    @Override
    public boolean onThisMachine() {
        return launch.sameMachine();
    }

    @Override
    public void makeModels(BiConsumer<Run.Model, Double> progress) {
        try {
            ServerConnection with = connection();
            with.send(new Messages.MakeModels());
            with.receive(Messages.Done.class, reply -> {
                if (reply instanceof Messages.Writing writing) {
                    Optional.ofNullable(preparation.models().get(writing.model()))
                            .ifPresent(model -> progress.accept(model, writing.done()));
                }
            });
        } catch (ServerConnection.ConnectionLost | BadInput e) {
            throw new BadInput("Models cannot be made in environment " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Proof prove() {
        try {
            ServerConnection with = connection();
            with.send(new Messages.Prove());
            return with.receive(Messages.Proved.class, other -> {}).proof();
        } catch (ServerConnection.ConnectionLost | BadInput e) {
            leave();
            return new Proof(null, List.of(new Warning.NotProved(String.valueOf(e.getMessage())).text()));
        }
    }

    @Override
    public void remember(ForkResult fork) {
        try {
            ServerConnection with = connection();
            with.send(new Messages.Remember(fork));
            with.receive(Messages.Done.class, other -> {});
        } catch (ServerConnection.ConnectionLost | BadInput e) {
            leave();
        }
    }

    @Override
    public Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener) {
        String started = Timestamp.millis();
        long start = System.nanoTime();
        try {
            ServerConnection with = connection();
            with.send(new Messages.Measure(cell.id(), number));
            Messages.Measured measured = with.receive(Messages.Measured.class, reply -> {
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
        } catch (ServerConnection.ConnectionLost e) {
            if (TerminalSignal.cancels(connection == null ? null : connection.exitCode(), () -> cancelled)) {
                return Optional.empty();
            }
            leave();
            return Optional.of(ForkResult.failed(
                    cell.id(),
                    number,
                    Status.CRASHED,
                    "The connection to environment " + name + " was lost. " + e.getMessage(),
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

    /** The connection to the Headroom inside; a new one if the last was lost. */
    private ServerConnection connection() throws ServerConnection.ConnectionLost {
        ServerConnection last = connection;
        if (last != null) {
            return last;
        }
        ServerConnection again = ServerConnection.open(launch.command());
        connection = again;
        List<String> differences;
        try {
            differences = RunDifferences.between(prepared, ask(again, request));
        } catch (BadInput e) {
            leave(); // it is not prepared
            throw e;
        }
        if (!differences.isEmpty()) {
            leave();
            throw new BadInput("Environment " + name + " has changed since the run began: "
                    + String.join("; ", differences) + ".");
        }
        return again;
    }

    private void leave() {
        if (connection != null) {
            close(connection, launch);
            connection = null;
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
        ServerConnection with = connection;
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

    private static void close(ServerConnection connection, LaunchCommand launch) {
        connection.close();
        if (!launch.end().isEmpty()) {
            try {
                Process process = new ProcessBuilder(launch.end())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                process.waitFor(END_SECONDS, TimeUnit.SECONDS);
            } catch (IOException e) {
                // without the program nothing can be left
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
                                .map(last -> ", and printed " + last)
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
