package dev.headroom.place;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.FileRetry;
import dev.headroom.fork.ForkListener;
import dev.headroom.fork.MachineLock;
import dev.headroom.plan.Cell;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The Headroom inside an environment, which measures forks for the one outside: see {@link Messages}. */
public final class PlaceServer {
    private static final long ALIVE_MILLIS = 5_000;

    /** The most bytes of a log that are sent, from its end. */
    private static final int LONGEST_LOG = 1 << 20;

    /** Marks the end of the requests. */
    private static final String END = "";

    private final PrintStream out;
    private final String version;
    private final @Nullable Path llama;
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private volatile @Nullable LocalPlace place;
    private @Nullable Closeable lock;
    private volatile boolean over;

    /** Creates a server that uses the llama.cpp in {@code llama}, or the default if that is null. */
    public PlaceServer(PrintStream out, String version, @Nullable Path llama) {
        this.out = out;
        this.version = version;
        this.llama = llama;
    }

    /** Answers all requests. When the Headroom outside ends, the current fork is ended. */
    public void serve(InputStream in) {
        daemon("requests", () -> read(in));
        daemon("alive", this::sendAlive);
        try {
            Path logs = Files.createTempDirectory("headroom-serve");
            try {
                for (String line = requests.take(); !line.equals(END) && !over; line = requests.take()) {
                    answer(line, logs);
                }
            } finally {
                delete(logs);
                close();
            }
        } catch (IOException e) {
            send(new Messages.Refused("No temporary folder can be created (" + e.getMessage() + ")."));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the current fork and the answers. */
    public void end() {
        over = true;
        LocalPlace at = place;
        if (at != null) {
            at.cancel();
        }
        requests.add(END);
    }

    private static void daemon(String name, Runnable what) {
        Thread thread = new Thread(what, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(InputStream in) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                requests.add(line);
            }
        } catch (IOException e) {
            // the Headroom outside has ended
        }
        end();
    }

    private void sendAlive() {
        try {
            while (!over) {
                Thread.sleep(ALIVE_MILLIS);
                send(new Messages.Alive());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(Messages.Reply reply) {
        synchronized (out) {
            out.println(Json.line(reply));
            out.flush();
        }
    }

    private void answer(String line, Path logs) {
        try {
            send(answer(Json.read(line, Messages.Request.class), logs));
        } catch (JsonProcessingException e) {
            send(new Messages.Refused("The request is unknown: use the same Headroom on both sides."));
        } catch (BadInput e) {
            send(new Messages.Refused(String.valueOf(e.getMessage())));
        }
    }

    private Messages.Reply answer(Messages.Request request, Path logs) {
        if (request instanceof Messages.Prepare prepare) {
            return prepare(prepare);
        }
        LocalPlace at = place;
        if (at == null) {
            return new Messages.Refused("The place is not prepared.");
        }
        if (request instanceof Messages.MakeModels) {
            at.makeModels((model, done) -> send(new Messages.Writing(model.id(), done)));
        } else if (request instanceof Messages.Remember remember) {
            at.remember(remember.fork());
        } else if (request instanceof Messages.Prove) {
            return new Messages.Proved(at.prove());
        } else if (request instanceof Messages.Measure measure) {
            return measure(at, measure, logs);
        }
        return new Messages.Done();
    }

    private Messages.Reply prepare(Messages.Prepare prepare) {
        if (!prepare.headroom().equals(version)) {
            return new Messages.Refused("Headroom is " + prepare.headroom() + " outside and " + version
                    + " inside: use the same on both sides.");
        }
        if (prepare.lock() && lock == null) {
            lock = MachineLock.take("plan " + prepare.plan().name());
        } else {
            MachineLock.ignore();
        }
        LocalPlace opened = LocalPlace.open(
                PlanRecord.read(prepare.plan(), "the plan"), prepare.environment(), llama, prepare.strict());
        place = opened;
        Preparation preparation = opened.preparation();
        Map<String, Map<String, String>> cells = new LinkedHashMap<>();
        preparation.cells().forEach(cell -> cells.put(cell.id(), cell.parameters()));
        return new Messages.Prepared(
                preparation.facts(),
                List.copyOf(preparation.models().values()),
                cells,
                preparation.predictions(),
                preparation.warnings());
    }

    private Messages.Reply measure(LocalPlace at, Messages.Measure measure, Path logs) {
        Optional<Cell> cell = at.preparation().cells().stream()
                .filter(one -> one.id().equals(measure.cell()))
                .findFirst();
        if (cell.isEmpty()) {
            return new Messages.Refused("No cell " + measure.cell() + " in this place.");
        }
        Optional<ForkResult> fork = at.fork(logs, cell.get(), measure.fork(), new ForkListener() {
            @Override
            public void warning(String text) {
                send(new Messages.Warned(text));
            }

            @Override
            public void fork(Cell begun, int number) {
                send(new Messages.Began(null));
            }

            @Override
            public void iteration(Cell begun, int number, int iteration) {
                send(new Messages.Began(iteration));
            }
        });
        return new Messages.Measured(fork.orElse(null), takeLogs(logs), at.isCancelled());
    }

    /** Reads the logs of the fork and deletes them. */
    private static Map<String, String> takeLogs(Path folder) {
        Map<String, String> logs = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int from = Math.max(0, bytes.length - LONGEST_LOG);
                logs.put(
                        String.valueOf(file.getFileName()),
                        new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8));
                FileRetry.retry(() -> Files.delete(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return logs;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            FileRetry.delete(files.sorted(Comparator.reverseOrder()).toArray(Path[]::new));
        }
    }

    private void close() throws IOException {
        if (lock != null) {
            lock.close();
        }
    }
}
