package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The folder of one run: the journal is appended to, every other file is replaced as a whole. */
final class RunFolder {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    private final Path path;

    private RunFolder(Path path) {
        this.path = path;
    }

    /**
     * Makes {@code <parent>/<yyyyMMdd-HHmmss>-<plan>}, with a number behind it if there is one of that name.
     *
     * @throws BadInput if the parent is not a folder one may write to
     */
    static RunFolder create(Path parent, String plan, LocalDateTime now) {
        try {
            Files.createDirectories(parent);
            String name = STAMP.format(now) + "-" + plan;
            for (int n = 1; ; n++) {
                try {
                    Path made = Files.createDirectory(parent.resolve(n == 1 ? name : name + "-" + n));
                    Files.createDirectory(made.resolve("logs"));
                    return new RunFolder(made);
                } catch (FileAlreadyExistsException e) {
                    if (n == 1000 || !Files.isDirectory(parent)) {
                        throw e;
                    }
                }
            }
        } catch (IOException e) {
            throw new BadInput(
                    "Results cannot be written to " + parent + " (" + reason(e)
                            + "): give a folder you may write to with --out DIR.",
                    e);
        }
    }

    /** Removes the folder, as long as no fork has run. */
    void remove() {
        try {
            Files.deleteIfExists(path.resolve("logs"));
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw cannotWrite(path, e);
        }
    }

    Path path() {
        return path;
    }

    String id() {
        return String.valueOf(path.getFileName());
    }

    /** Where a fork's JMH output, llama.cpp log or crash report goes. */
    Path log(String name) {
        return path.resolve("logs").resolve(name);
    }

    /** Appends a fork to the journal; when this returns it is on the disk. */
    void append(ForkResult fork) {
        ByteBuffer line = ByteBuffer.wrap((Json.line(fork) + "\n").getBytes(StandardCharsets.UTF_8));
        Path journal = path.resolve("journal.jsonl");
        try (FileChannel file = FileChannel.open(
                journal, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (line.hasRemaining()) {
                file.write(line);
            }
            file.force(true);
        } catch (IOException e) {
            throw cannotWrite(journal, e);
        }
    }

    /** Replaces a file as a whole: readers see the old text or the new one. */
    void replace(String name, String text) {
        Path file = path.resolve(name);
        Path temporary = path.resolve(name + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    private static BadInput cannotWrite(Path file, IOException e) {
        return new BadInput(
                file + " cannot be written (" + reason(e)
                        + "): make room or mend the permissions; what was written before is intact.",
                e);
    }

    private static String reason(IOException e) {
        String name = e.getClass().getSimpleName().replaceAll("Exception$", "");
        String words = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        return e instanceof java.nio.file.FileSystemException system && system.getReason() != null
                ? system.getReason()
                : words;
    }
}
