package dev.headroom.llama;

import com.sun.jna.Pointer;
import dev.headroom.llama.binding.GgmlBase;
import dev.headroom.llama.binding.LogCallback;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The last {@value #CAPACITY} lines that llama.cpp logged in this process, without level debug. Thread-safe.
 *
 * <p>If the system property {@code headroom.llama.log} has a path, each line is also appended to that file at once. So
 * the lines are not lost in a crash.
 *
 * <p>Headroom adds its own line before it loads a model and before it creates a context.
 */
public final class LlamaLog {
    static final String LOADING = "headroom: loading ";
    static final String CREATING = "headroom: creating a context ";

    private static final int CAPACITY = 10_000;

    private record Line(long number, boolean error, String text) {}

    private final Deque<Line> lines = new ArrayDeque<>();
    private final @Nullable Path file;
    private final StringBuilder unfinished = new StringBuilder();
    private @Nullable Pattern debug;
    private int level;
    private long count;

    /** A field, so that it is not collected while the library may call it. */
    private final LogCallback callback = this::onLog;

    LlamaLog(@Nullable Path file) {
        this.file = file;
    }

    LogCallback callback() {
        return callback;
    }

    private void onLog(int chunkLevel, Pointer text, Pointer userData) {
        try {
            append(chunkLevel, text.getString(0, StandardCharsets.UTF_8.name()));
        } catch (RuntimeException | Error e) {
            // An exception must not unwind through C, and there is no caller in Java to handle it.
        }
    }

    /** Adds a chunk from llama.cpp: lines, a part of a line, or the continuation of the last chunk. */
    synchronized void append(int chunkLevel, String chunk) {
        Heartbeat.beat();
        if (chunkLevel != GgmlBase.LOG_LEVEL_CONT) {
            finishLine();
            level = chunkLevel;
        }
        if (level == GgmlBase.LOG_LEVEL_DEBUG && debug == null) {
            return;
        }
        int start = 0;
        for (int end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
            unfinished.append(chunk, start, end);
            finishLine();
            start = end + 1;
        }
        unfinished.append(chunk, start, chunk.length());
    }

    /** From now on, also keeps lines of level debug that contain the pattern. */
    synchronized void keepDebug(Pattern pattern) {
        finishLine();
        debug = pattern;
    }

    /** The lines since a mark, oldest first. */
    synchronized List<String> since(long mark) {
        finishLine();
        return lines.stream().filter(l -> l.number >= mark).map(Line::text).toList();
    }

    /** Adds a line from Headroom. */
    synchronized void note(String line) {
        finishLine();
        keep(false, line);
    }

    private void finishLine() {
        String text = unfinished.toString().stripTrailing();
        unfinished.setLength(0);
        boolean unwanted = level == GgmlBase.LOG_LEVEL_DEBUG
                && (debug == null || !debug.matcher(text).find());
        if (!text.isEmpty() && !unwanted) {
            keep(level == GgmlBase.LOG_LEVEL_ERROR, text);
        }
    }

    private void keep(boolean error, String text) {
        lines.addLast(new Line(count++, error, text));
        if (lines.size() > CAPACITY) {
            lines.removeFirst();
        }
        if (file != null) {
            try {
                Files.writeString(
                        file, text + System.lineSeparator(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                // The file is only needed after a crash.
            }
        }
    }

    /** The lines, oldest first. */
    public synchronized List<String> lines() {
        finishLine();
        return lines.stream().map(Line::text).toList();
    }

    /** The facts in the lines of this process. */
    public LlamaFacts facts() {
        return parse(lines());
    }

    /** The number of the next line, for {@link #since} and {@link #failure}. */
    synchronized long mark() {
        finishLine();
        return count;
    }

    /** The exception for a failed call, with the errors that llama.cpp has logged since a mark. */
    synchronized LlamaException failure(String what, long mark) {
        finishLine();
        List<Line> since = lines.stream().filter(l -> l.number >= mark).toList();
        List<String> causes = since.stream()
                .filter(Line::error)
                .map(l -> withoutFunction(l.text))
                .distinct()
                .limit(3)
                .toList();
        String message = what + ": " + (causes.isEmpty() ? "it logged no error" : String.join("; ", causes)) + ".";
        return parse(since.stream().map(Line::text).toList()).failedAllocation() != null
                ? new LlamaOutOfMemory(message)
                : new LlamaException(message);
    }

    private static String withoutFunction(String line) {
        return line.replaceFirst("^[\\w~]+: ", "").replaceFirst("[.\\s]+$", "");
    }

    /** The facts in these lines. */
    public static LlamaFacts parse(List<String> lines) {
        LogParser parser = new LogParser();
        lines.forEach(parser::read);
        return parser.facts();
    }
}
