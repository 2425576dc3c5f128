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
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The lines llama.cpp logged in this process, without those of level debug. Safe to use from any thread. The last
 * {@value #CAPACITY} lines are kept. Where the system property {@code headroom.llama.log} names a file, each line is
 * also appended there at once, so that a crash leaves them.
 *
 * <p>Headroom adds a line of its own before it loads a model and before it makes a context.
 */
public final class LlamaLog {
    static final String LOADING = "headroom: loading ";
    static final String CREATING = "headroom: creating a context ";

    private static final int CAPACITY = 10_000;

    private record Line(long number, boolean error, String text) {}

    private final Deque<Line> lines = new ArrayDeque<>();
    private final Optional<Path> file;
    private final StringBuilder unfinished = new StringBuilder();
    private Optional<Pattern> debug = Optional.empty();
    private int level;
    private long count;

    /** Held here so that it lives as long as the library may call it. */
    private final LogCallback callback = this::onLog;

    LlamaLog(Optional<Path> file) {
        this.file = file;
    }

    LogCallback callback() {
        return callback;
    }

    private void onLog(int chunkLevel, Pointer text, Pointer userData) {
        try {
            append(chunkLevel, text.getString(0, StandardCharsets.UTF_8.name()));
        } catch (RuntimeException | Error e) {
            // There is no caller to tell: an exception must not unwind through C.
        }
    }

    /** Takes a chunk as llama.cpp gives it: a line, a part of one, or the continuation of the last chunk. */
    synchronized void append(int chunkLevel, String chunk) {
        Heartbeat.beat();
        if (chunkLevel != GgmlBase.LOG_LEVEL_CONT) {
            finishLine();
            level = chunkLevel;
        }
        if (level == GgmlBase.LOG_LEVEL_DEBUG && debug.isEmpty()) {
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

    /** Also keeps those lines of level debug, from now on, in which the pattern is found. */
    synchronized void keepDebug(Pattern lines) {
        finishLine();
        debug = Optional.of(lines);
    }

    /** The lines kept since a mark, oldest first. */
    synchronized List<String> since(long mark) {
        finishLine();
        return lines.stream().filter(l -> l.number >= mark).map(Line::text).toList();
    }

    /** Adds a line of Headroom's own. */
    synchronized void note(String line) {
        finishLine();
        keep(false, line);
    }

    private void finishLine() {
        String text = unfinished.toString().stripTrailing();
        unfinished.setLength(0);
        boolean unwanted = level == GgmlBase.LOG_LEVEL_DEBUG
                && debug.filter(lines -> lines.matcher(text).find()).isEmpty();
        if (!text.isEmpty() && !unwanted) {
            keep(level == GgmlBase.LOG_LEVEL_ERROR, text);
        }
    }

    private void keep(boolean error, String text) {
        lines.addLast(new Line(count++, error, text));
        if (lines.size() > CAPACITY) {
            lines.removeFirst();
        }
        if (file.isPresent()) {
            try {
                Files.writeString(
                        file.get(),
                        text + System.lineSeparator(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            } catch (IOException e) {
                // The copy is for crashes; the lines above are the log.
            }
        }
    }

    /** The lines kept so far, oldest first. */
    public synchronized List<String> lines() {
        finishLine();
        return lines.stream().map(Line::text).toList();
    }

    /** The last {@code n} lines, oldest first. */
    public List<String> tail(int n) {
        List<String> all = lines();
        return all.subList(Math.max(0, all.size() - n), all.size());
    }

    /** What the lines tell about the model loaded last and the context made last. */
    public LlamaFacts facts() {
        return parse(lines());
    }

    synchronized long mark() {
        finishLine();
        return count;
    }

    /** The exception for something that failed after a mark: with what llama.cpp logged as errors since. */
    synchronized LlamaException failure(String what, long mark) {
        finishLine();
        List<Line> since = lines.stream().filter(l -> l.number >= mark).toList();
        List<String> causes = since.stream()
                .filter(Line::error)
                .map(l -> withoutFunction(l.text))
                .distinct()
                .limit(3)
                .toList();
        String message = what + ": "
                + (causes.isEmpty() ? "llama.cpp gave no reason" : "llama.cpp says " + String.join("; ", causes)) + ".";
        return parse(since.stream().map(Line::text).toList()).failedAllocation().isPresent()
                ? new LlamaOutOfMemory(message)
                : new LlamaException(message);
    }

    private static String withoutFunction(String line) {
        return line.replaceFirst("^[\\w~]+: ", "").replaceFirst("[.\\s]+$", "");
    }

    /** What such lines tell; {@link #facts()} does it for those of this process. */
    public static LlamaFacts parse(List<String> lines) {
        LogParser parser = new LogParser();
        lines.forEach(parser::read);
        return parser.facts();
    }
}
