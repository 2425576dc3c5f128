package dev.headroom.place;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.OneLine;
import dev.headroom.fork.JmhFork;
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

/** A process that answers on standard output what it is asked on standard input, a line of JSON each. */
final class ServerConnection implements Closeable {
    /** The other side says every few seconds that it is there. */
    private static final long SILENCE_SECONDS = 60;

    private static final long END_SECONDS = 20;
    private static final int LONGEST_WORDS = 300;

    /** What ends the replies. */
    private static final Object END = new Object();

    /** The other side is gone, or does not answer. */
    static final class Gone extends Exception {
        private static final long serialVersionUID = 1L;

        /** @param message a sentence */
        Gone(String message) {
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
     * @throws Gone if it cannot be started
     */
    static ServerConnection with(List<String> command) throws Gone {
        try {
            ServerConnection dialogue = new ServerConnection(new ProcessBuilder(command).start());
            dialogue.read("replies", dialogue.process.getInputStream(), dialogue::reply, true);
            dialogue.read("errors", dialogue.process.getErrorStream(), dialogue::words, false);
            return dialogue;
        } catch (IOException e) {
            throw new Gone(command.get(0) + " could not be started (" + e.getMessage() + ").");
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
                        // it is gone, which is told below
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

    /** A shell's greeting is no reply. */
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

    /** Asks for something. */
    void say(Messages.Request request) throws Gone {
        try {
            OutputStream to = process.getOutputStream();
            to.write((Json.line(request) + "\n").getBytes(StandardCharsets.UTF_8));
            to.flush();
        } catch (IOException e) {
            throw gone();
        }
    }

    private Messages.Reply hear() throws Gone {
        try {
            while (true) {
                Object next = replies.poll(SILENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new Gone("It said nothing for " + SILENCE_SECONDS + " s" + lastWords() + ".");
                }
                if (next == END) {
                    replies.add(END);
                    throw gone();
                }
                if (!(next instanceof Messages.Alive)) {
                    return (Messages.Reply) next;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Gone("It was not waited for.");
        }
    }

    /**
     * What is said next of a kind; whatever else is said before goes to {@code others}.
     *
     * @throws BadInput if the request cannot be fulfilled
     */
    <T extends Messages.Reply> T hear(Class<T> kind, Consumer<Messages.Reply> others) throws Gone {
        while (true) {
            Messages.Reply reply = hear();
            if (reply instanceof Messages.Refused refused) {
                throw new BadInput(refused.reason());
            }
            if (kind.isInstance(reply)) {
                return kind.cast(reply);
            }
            others.accept(reply);
        }
    }

    private Gone gone() {
        try {
            String how = process.waitFor(END_SECONDS, TimeUnit.SECONDS)
                    ? "ended with " + ProcessEnd.how(process.exitValue())
                    : "closed its output";
            return new Gone("It " + how + lastWords() + ".");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Gone("It was not waited for.");
        }
    }

    private String lastWords() {
        return lastWords.isEmpty() ? "" : ", after \"" + lastWords + "\"";
    }

    /** No more is asked for: the other side ends what it does, and itself. */
    void end() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // it is gone
        }
    }

    /** Whether the process ended by a signal such as a terminal sends to all. */
    boolean isTerminated() {
        return !process.isAlive() && JmhFork.TERMINATED.contains(process.exitValue());
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
