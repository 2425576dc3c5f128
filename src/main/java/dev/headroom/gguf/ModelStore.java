package dev.headroom.gguf;

import dev.headroom.BadInput;
import dev.headroom.PathName;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** The folder in which synthetic models are made once and then kept. */
public final class ModelStore {
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final Path directory;
    private final FreeSpace freeSpace;

    /** Bytes that can be written to a folder. */
    interface FreeSpace {
        long of(Path directory) throws IOException;
    }

    public ModelStore(Path directory) {
        this(directory, folder -> Files.getFileStore(folder).getUsableSpace());
    }

    ModelStore(Path directory, FreeSpace freeSpace) {
        this.directory = directory;
        this.freeSpace = freeSpace;
    }

    /** The store in this user's cache directory. */
    public static ModelStore ofUser() {
        return new ModelStore(
                cacheDirectory(System.getenv(), System.getProperty("os.name"), System.getProperty("user.home")));
    }

    /**
     * {@code HEADROOM_CACHE}, else {@code headroom} where the system keeps a user's caches: {@code XDG_CACHE_HOME} or
     * {@code ~/.cache}, {@code ~/Library/Caches} on macOS, {@code %LOCALAPPDATA%} on Windows.
     *
     * @param home Java's {@code user.home}, which is {@code ?} for a user whom the system does not know
     * @throws BadInput if it takes a home directory and there is none
     */
    static Path cacheDirectory(Map<String, String> environment, String system, String home) {
        String chosen = environment.getOrDefault("HEADROOM_CACHE", "");
        if (!chosen.isEmpty()) {
            return PathName.of("HEADROOM_CACHE", chosen).toAbsolutePath();
        }
        String name = system.toLowerCase(Locale.ROOT);
        if (name.startsWith("windows")) {
            String local = environment.getOrDefault("LOCALAPPDATA", "");
            return (local.isEmpty() ? existing(home).resolve("AppData").resolve("Local") : Path.of(local))
                    .resolve("headroom");
        }
        if (name.startsWith("mac")) {
            return existing(home).resolve("Library").resolve("Caches").resolve("headroom");
        }
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (xdg.startsWith("/")
                        ? PathName.of("XDG_CACHE_HOME", xdg)
                        : existing(home).resolve(".cache"))
                .resolve("headroom");
    }

    private static Path existing(String home) {
        if (home.isEmpty() || home.equals("?")) {
            throw new BadInput("This user has no home directory for models to be kept in: set the environment variable"
                    + " HEADROOM_CACHE to a folder that may be written to.");
        }
        return PathName.of("The home directory", home);
    }

    /** The folder; it may not exist yet. */
    public Path directory() {
        return directory;
    }

    /** Where a model is or will be. */
    public Path path(SyntheticModel model) {
        return directory.resolve(model.id() + ".gguf");
    }

    /**
     * The model's file, made if it is not there whole. It appears under its name only when it is complete and on the
     * disk; several processes may make the same model at once.
     *
     * @throws BadInput where the folder cannot be written or has no room; nothing half-written stays
     */
    public Path make(SyntheticModel model, Progress progress) {
        Path file = path(model);
        if (isWhole(file, model)) {
            return file;
        }
        try {
            Files.createDirectories(directory);
            removeAbandoned(model);
            checkSpace(model);
            Path part = directory.resolve(model.id() + "-" + UUID.randomUUID() + ".part");
            part.toFile().deleteOnExit(); // an interrupt ends the process without running finally
            try {
                model.write(part, progress);
                publish(part, file, model);
            } finally {
                Files.deleteIfExists(part);
            }
            return file;
        } catch (IOException e) {
            throw new BadInput(
                    "Cannot write %s (%s MiB) to %s: %s; make room there or set HEADROOM_CACHE to another folder."
                            .formatted(model.id(), mebibytes(model.bytes()), directory, reason(e)),
                    e);
        }
    }

    private static boolean isWhole(Path file, SyntheticModel model) {
        try {
            return Files.isRegularFile(file) && Files.size(file) == model.bytes() && model.isIn(Gguf.read(file));
        } catch (IOException | GgufException e) {
            return false;
        }
    }

    /** Another process may be faster, and Windows does not replace a file that it has opened since. */
    private static void publish(Path part, Path file, SyntheticModel model) throws IOException {
        try {
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            if (!isWhole(file, model)) {
                throw e;
            }
        }
    }

    /** Deletes what a killed process left of this model; one that still writes has touched its file lately. */
    private void removeAbandoned(SyntheticModel model) throws IOException {
        FileTime limit = FileTime.from(Instant.now().minus(ABANDONED));
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(directory, model.id() + "-*.part")) {
            for (Path part : parts) {
                if (Files.getLastModifiedTime(part).compareTo(limit) < 0) {
                    Files.deleteIfExists(part);
                }
            }
        }
    }

    private void checkSpace(SyntheticModel model) throws IOException {
        long available = freeSpace.of(directory);
        if (available < model.bytes()) {
            throw new BadInput(
                    "%s needs %s MiB and %s has %s MiB free; make room there or set HEADROOM_CACHE to a folder on another disk."
                            .formatted(model.id(), mebibytes(model.bytes()), directory, available >> 20));
        }
    }

    private static long mebibytes(long bytes) {
        return (bytes + (1 << 20) - 1) >> 20;
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "a file is in the place of the folder";
        }
        if (e instanceof FileSystemException fileSystem && fileSystem.getReason() != null) {
            return fileSystem.getReason();
        }
        return e instanceof FileSystemException || e.getMessage() == null
                ? e.getClass().getSimpleName()
                : e.getMessage();
    }
}
