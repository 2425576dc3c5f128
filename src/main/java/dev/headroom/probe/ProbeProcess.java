package dev.headroom.probe;

import dev.headroom.BadInput;
import dev.headroom.FileRetry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Runs a question to native code in a process of its own. Memory that it takes and crashes end with that process. */
final class ProbeProcess {
    /** The exit code of a probe that printed one sentence on standard error. */
    static final int BAD_INPUT = 2;

    private static final int SECONDS = 120;

    /** The process ran, and refused, crashed or hung. The cause is the subject of the question, not this machine. */
    static final class NoAnswer extends BadInput {
        private static final long serialVersionUID = 1L;

        NoAnswer(String message) {
            super(message);
        }
    }

    private ProbeProcess() {}

    /**
     * Runs the {@code main} of a class and returns its standard output.
     *
     * @param about the subject of the question, as the beginning of a sentence
     * @throws NoAnswer if the process gives no answer; the message has the reason
     * @throws BadInput if the process cannot be started
     */
    static String ask(Class<?> main, String about, List<String> arguments) {
        return ask(main, about, List.of(), Map.of(), arguments);
    }

    /**
     * As {@link #ask(Class, String, List)}.
     *
     * @param options options of the JVM, besides those of every child
     */
    static String ask(
            Class<?> main,
            String about,
            List<String> options,
            Map<String, String> environment,
            List<String> arguments) {
        try {
            Path out = Files.createTempFile("headroom-probe", ".out");
            Path err = Files.createTempFile("headroom-probe", ".err");
            Path crash = Files.createTempFile("headroom-probe", ".hs_err");
            try {
                List<String> command = new ArrayList<>(ChildJvm.command());
                command.add(ChildJvm.errorFile(crash));
                command.addAll(options);
                command.add(main.getName());
                command.addAll(arguments);
                ProcessBuilder builder =
                        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
                builder.environment().putAll(environment);
                Process process = builder.start();
                if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new NoAnswer(about + " gave no answer within " + SECONDS
                            + " s: check whether the driver hangs, or choose another llama.cpp with --llama DIR.");
                }
                return answer(about, process.exitValue(), read(out), read(err));
            } finally {
                FileRetry.delete(out, err, crash);
            }
        } catch (IOException e) {
            throw new BadInput("A second Java process could not be started (" + e.getMessage() + ").", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BadInput(about + " was interrupted.", e);
        }
    }

    /** Prints the answer as UTF-8, independent of the locale. */
    static void answer(String json) {
        print(FileDescriptor.out, json);
    }

    /** Prints one sentence instead of an answer, and ends the process. */
    static void refuse(RuntimeException e) {
        print(FileDescriptor.err, String.valueOf(e.getMessage()));
        System.exit(BAD_INPUT);
    }

    private static void print(FileDescriptor to, String text) {
        new PrintStream(new FileOutputStream(to), true, StandardCharsets.UTF_8).println(text);
    }

    private static String answer(String about, int exit, String out, String err) {
        if (exit == BAD_INPUT) {
            throw new NoAnswer(err.strip());
        }
        if (exit != 0) {
            throw new NoAnswer(about + " " + end(exit, out, err)
                    + ": it cannot be used here; choose another llama.cpp with --llama DIR.");
        }
        return out;
    }

    /** The line that ggml prints before it aborts: {@code ggml.c:123: GGML_ASSERT(…) failed}. */
    private static final Pattern ABORT = Pattern.compile("\\S+\\.\\w+:\\d+: .+");

    /** How a process ended without an answer. Java reports a crash on standard output. */
    static String end(int exit, String out, String err) {
        Optional<String> crash = ProcessEnd.crash(out.lines().toList());
        if (crash.isPresent()) {
            return "crashed its process with " + crash.get();
        }
        List<String> said =
                err.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
        String last = said.stream()
                .filter(line -> ABORT.matcher(line).matches())
                .findFirst()
                .orElse(said.isEmpty() ? "no word" : said.get(said.size() - 1));
        return "ended its process with " + ProcessEnd.how(exit) + ", saying \"" + last + "\"";
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
