package dev.headroom.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import dev.headroom.result.Run;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The file {@code journal.jsonl}, from which a run resumes. The first line is the run's head: what is measured, and
 * with what. Each further line is a fork that has ended. An appended line is on the disk; an incomplete last line is
 * ignored.
 */
final class Journal {
    static final String NAME = "journal.jsonl";

    private static final String GO_ON = "; the results so far are intact, continue with --resume ";

    private final Path file;

    private Journal(Path file) {
        this.file = file;
    }

    /**
     * The content of a journal.
     *
     * @param head the run without its cells
     * @param forks in the order in which they ended, without duplicates
     * @param bytes length of the complete lines; the rest is an incomplete line
     */
    record Content(Run head, List<ForkResult> forks, long bytes) {}

    /** Creates a new journal. */
    static Journal begin(Path folder, Run head) {
        Journal journal = new Journal(folder.resolve(NAME));
        journal.write(Json.line(head), StandardOpenOption.CREATE_NEW);
        sync(folder);
        return journal;
    }

    /** Opens a journal to append after its complete lines. */
    static Journal resume(Path folder, Content content) {
        Path file = folder.resolve(NAME);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(content.bytes());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e, "");
        }
        return new Journal(file);
    }

    /** Appends a fork and waits until it is on the disk. If that fails, the earlier lines stay intact. */
    void append(ForkResult fork) {
        write(Json.line(fork), StandardOpenOption.APPEND);
    }

    private void write(String text, StandardOpenOption option) {
        ByteBuffer line = ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, option)) {
            long before = channel.size();
            try {
                while (line.hasRemaining()) {
                    channel.write(line);
                }
                channel.force(true);
            } catch (IOException e) {
                channel.truncate(before);
                throw e;
            }
        } catch (IOException e) {
            throw FileErrors.cannotWrite(file, e, GO_ON + file.resolveSibling(""));
        }
    }

    /**
     * Writes a folder's entry to the disk, without which a new file does not survive a power failure. Windows does this
     * itself.
     */
    private static void sync(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // some systems cannot open folders
        }
    }

    /**
     * Reads the journal of a run folder.
     *
     * @throws BadInput if there is none, or a line other than the last is damaged
     */
    static Content read(Path folder) {
        Path file = folder.resolve(NAME);
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new BadInput(
                    "No " + NAME + " in " + folder + ": give a run folder, or start a new run without --resume.");
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read (" + FileErrors.reason(e) + "): check its permissions.", e);
        }
        return parse(file, bytes);
    }

    static Content parse(Path file, byte[] bytes) {
        int end = end(bytes, 0);
        if (end == 0) {
            throw new BadInput(
                    file + " ends within its first line: nothing was measured yet; start a new run without --resume.");
        }
        Run head = line(file, 1, text(bytes, 0, end), Run.class);
        List<ForkResult> forks = new ArrayList<>();
        Set<List<Object>> seen = new HashSet<>();
        int start = end;
        for (int number = 2; (end = end(bytes, start)) > 0; number++) {
            ForkResult fork;
            try {
                fork = line(file, number, text(bytes, start, end), ForkResult.class);
            } catch (BadInput e) {
                if (end == bytes.length) {
                    break; // a power failure can leave a line end after bytes that were never written
                }
                throw e;
            }
            if (seen.add(List.of(fork.cell(), fork.fork()))) {
                forks.add(fork);
            }
            start = end;
        }
        return new Content(head, forks, start);
    }

    /** The end of the line that begins at {@code start}, after its line feed; 0 if the line is incomplete. */
    private static int end(byte[] bytes, int start) {
        for (int i = start; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i + 1;
            }
        }
        return 0;
    }

    private static String text(byte[] bytes, int start, int end) {
        return new String(Arrays.copyOfRange(bytes, start, end), StandardCharsets.UTF_8);
    }

    private static <T> T line(Path file, int number, String text, Class<T> type) {
        try {
            return Json.read(text, type);
        } catch (JsonProcessingException e) {
            throw new BadInput(
                    file + " is damaged in line " + number + " ("
                            + String.valueOf(e.getOriginalMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse("not JSON") + "): "
                            + (number == 1
                                    ? "start a new run without --resume."
                                    : "delete that line; its fork is then measured again."),
                    e);
        }
    }
}
