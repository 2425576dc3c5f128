package dev.headroom.gguf;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.PathName;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** The folder that keeps synthetic models. Each model is written once. */
public final class ModelStore {
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final Path directory;
    private final FreeSpace freeSpace;

    /** The free space in a folder, in bytes. */
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
     * The folder {@code HEADROOM_CACHE}. If it is not set, {@code headroom} in the user's cache directory:
     * {@code XDG_CACHE_HOME} or {@code ~/.cache}, {@code ~/Library/Caches} on macOS, {@code %LOCALAPPDATA%} on Windows.
     *
     * @param home Java's {@code user.home}; {@code ?} if the system does not know the user
     * @throws BadInput if a home directory is needed and there is none
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
            throw new BadInput(
                    "This user has no home directory for models: set the environment variable HEADROOM_CACHE to"
                            + " a writable folder.");
        }
        return PathName.of("The home directory", home);
    }

    /** The folder. It may not exist yet. */
    public Path directory() {
        return directory;
    }

    /** The path of a model's file. The file may not exist yet. */
    public Path path(SyntheticModel model) {
        return directory.resolve(model.id() + ".gguf");
    }

    /**
     * Makes a model's file, unless it exists and is complete. The file gets its name only after all data is on the
     * disk. Several processes may make the same model at once. If writing fails, no partial file remains.
     *
     * @throws BadInput if the folder is not writable or has too little free space
     */
    public Path make(SyntheticModel model, Progress progress) {
        Path file = path(model);
        if (isComplete(file, model)) {
            return file;
        }
        try {
            Files.createDirectories(directory);
            removeAbandoned(model);
            checkSpace(model);
            Path part = directory.resolve(model.id() + "-" + UUID.randomUUID() + ".part");
            part.toFile().deleteOnExit(); // Ctrl-C skips the finally block
            try {
                model.write(part, progress);
                publish(part, file, model);
            } finally {
                Files.deleteIfExists(part);
            }
            return file;
        } catch (IOException e) {
            throw new BadInput(
                    "The model " + model.id() + " cannot be written to " + directory + " (" + FileErrors.reason(e)
                            + "): free disk space, or set HEADROOM_CACHE to another folder.",
                    e);
        }
    }

    private static boolean isComplete(Path file, SyntheticModel model) {
        try {
            return Files.isRegularFile(file) && Files.size(file) == model.bytes() && model.isIn(Gguf.read(file));
        } catch (IOException | GgufException e) {
            return false;
        }
    }

    /**
     * Renames the part. This fails on Windows if another process has made and opened the model: then that one is used.
     */
    private static void publish(Path part, Path file, SyntheticModel model) throws IOException {
        try {
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            if (!isComplete(file, model)) {
                throw e;
            }
        }
    }

    /** Deletes this model's parts from killed processes. A part that was modified recently is still being written. */
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
            throw new BadInput("The model %s needs %s MiB, and %s has %s MiB free"
                            .formatted(model.id(), (model.bytes() + (1 << 20) - 1) >> 20, directory, available >> 20)
                    + ": free disk space, or set HEADROOM_CACHE to another disk.");
        }
    }
}
