package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.FileRetry;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** The folder of one run. The journal grows; every other file is replaced as a whole. */
record RunFolder(Path path) {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    /**
     * Creates {@code <parent>/<yyyyMMdd-HHmmss>-<plan>}, with a number appended if that exists.
     *
     * @throws BadInput if the parent is not a writable folder
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
                    "Results cannot be written to " + parent + " (" + FileErrors.reason(e)
                            + "): give a writable folder with --out DIR.",
                    e);
        }
    }

    /**
     * Opens the folder of an existing run.
     *
     * @throws BadInput if it is not a folder
     */
    static RunFolder open(Path path) {
        if (!Files.isDirectory(path)) {
            throw new BadInput(path + " is not a folder: give the folder of the run, such as results/<time>-<plan>.");
        }
        Path folder = path.toAbsolutePath().normalize();
        try {
            Files.createDirectories(folder.resolve("logs"));
        } catch (IOException e) {
            throw FileErrors.cannotWrite(folder, e, "");
        }
        return new RunFolder(folder);
    }

    /** Removes the folder, if no fork has run. */
    void remove() {
        try {
            Files.deleteIfExists(path.resolve("logs"));
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw FileErrors.cannotWrite(path, e, "");
        }
    }

    String id() {
        return String.valueOf(path.getFileName());
    }

    /** The absolute path of the folder that keeps what forks print. */
    Path logs() {
        return path.resolve("logs").toAbsolutePath();
    }

    /**
     * Replaces a file as a whole and creates its folder: readers see the old text or the new one. On Windows a file
     * that another program has open cannot be replaced.
     *
     * @return the reason why it was not replaced; empty if it was
     */
    Optional<String> replace(String name, String text) {
        Path file = path.resolve(name);
        Path temporary = path.resolve(name + ".tmp");
        try {
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            Files.writeString(temporary, text);
        } catch (IOException e) {
            FileRetry.delete(temporary);
            throw FileErrors.cannotWrite(file, e, "; the journal is intact, continue with --resume " + path);
        }
        try {
            FileRetry.retry(() ->
                    Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE));
            return Optional.empty();
        } catch (IOException e) {
            FileRetry.delete(temporary);
            return Optional.of(FileErrors.reason(e));
        }
    }
}
