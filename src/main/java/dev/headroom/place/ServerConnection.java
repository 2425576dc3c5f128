package dev.headroom.place;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.OneLine;
import dev.headroom.probe.ProcessEnd;
import dev.headroom.result.Json;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection to a Headroom in another environment: {@link Messages} over its standard input and output. */
final class ServerConnection implements Closeable {
    /** The longest silence. The other side sends {@link Messages.Alive} every few seconds. */
    private static final long SILENCE_SECONDS = 60;

    private static final long END_SECONDS = 20;
    private static final int LONGEST_WORDS = 300;

    /** Marks the end of the replies. */
    private static final Object END = new Object();

    /** The other side ended or does not answer. */
    static final class ConnectionLost extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param message a sentence */
        ConnectionLost(String message) {
            super(message);
        }
    }

    private final Process process;
    private final BlockingQueue<Object> replies = new LinkedBlockingQueue<>();
    private volatile String lastWords = "";

    private ServerConnection(Process process) {
        this.process = process;
    }

    /**
     * Starts the process.
     *
     * @throws ConnectionLost if it cannot be started
     */
    static ServerConnection open(List<String> command) throws ConnectionLost {
        try {
            ServerConnection connection = new ServerConnection(new ProcessBuilder(command).start());
            connection.read("replies", connection.process.getInputStream(), connection::reply, true);
            connection.read("errors", connection.process.getErrorStream(), connection::words, false);
            return connection;
        } catch (IOException e) {
            throw new ConnectionLost(command.get(0) + " could not be started (" + e.getMessage() + ").");
        }
    }

    private void read(String name, InputStream from, Consumer<String> each, boolean ends) {
        Thread thread = new Thread(
                () -> {
                    try (BufferedReader reader =
                            new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
                        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                            each.accept(line);
                        }
                    } catch (IOException e) {
                        // the end of the replies reports it
                    } finally {
                        if (ends) {
                            replies.add(END);
                        }
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Queues a reply. Other lines, such as a shell's greeting, are kept as last words. */
    private void reply(String line) {
        try {
            replies.add(Json.read(line, Messages.Reply.class));
        } catch (JsonProcessingException e) {
            words(line);
        }
    }

    private void words(String line) {
        String words = OneLine.of(line.replace("\0", ""), " ").strip(); // wsl.exe writes UTF-16
        if (!words.isEmpty()) {
            lastWords = words.length() > LONGEST_WORDS ? words.substring(0, LONGEST_WORDS) + "…" : words;
        }
    }

    /** Sends a request. */
    void send(Messages.Request request) throws ConnectionLost {
        try {
            OutputStream to = process.getOutputStream();
            to.write((Json.line(request) + "\n").getBytes(StandardCharsets.UTF_8));
            to.flush();
        } catch (IOException e) {
            throw lost();
        }
    }

    private Messages.Reply receive() throws ConnectionLost {
        try {
            while (true) {
                Object next = replies.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new ConnectionLost("It sent nothing for " + SILENCE_SECONDS + " s" + lastWords() + ".");
                }
                if (next == END) {
                    replies.add(END);
                    throw lost();
                }
                if (!(next instanceof Messages.Alive)) {
                    return (Messages.Reply) next;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConnectionLost("The wait for it was interrupted.");
        }
    }

    /**
     * Waits for the next reply of a kind. Other replies before it go to {@code others}.
     *
     * @throws BadInput if the request is refused
     */
    <T extends Messages.Reply> T receive(Class<T> kind, Consumer<Messages.Reply> others) throws ConnectionLost {
        while (true) {
            Messages.Reply reply = receive();
            if (reply instanceof Messages.Refused refused) {
                throw new BadInput(refused.reason());
            }
            if (kind.isInstance(reply)) {
                return kind.cast(reply);
            }
            others.accept(reply);
        }
    }

    private ConnectionLost lost() {
        try {
            String how = process.waitFor(END_SECONDS, TimeUnit.SECONDS)
                    ? "ended with " + ProcessEnd.how(process.exitValue())
                    : "closed its output";
            return new ConnectionLost("It " + how + lastWords() + ".");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ConnectionLost("The wait for it was interrupted.");
        }
    }

    private String lastWords() {
        return lastWords.isEmpty() ? "" : ", after \"" + lastWords + "\"";
    }

    /** Ends the requests. The other side then cancels its fork and ends. */
    void end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // it has ended
        }
    }

    /** The exit code of the other side; null while it runs. */
    @Nullable
    Integer exitCode() {
        return process.isAlive() ? null : process.exitValue();
    }

    @Override
    public void close() {
        end();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
