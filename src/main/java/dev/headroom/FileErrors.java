package dev.headroom;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Locale;

/** Sentences about files that cannot be read or written. */
public final class FileErrors {
    private FileErrors() {}

    /**
     * The error for a file that cannot be written.
     *
     * @param more a remedy to add, beginning with {@code ;} or {@code ,}; may be empty
     */
    public static BadInput cannotWrite(Path file, IOException e, String more) {
        return new BadInput(
                file + " cannot be written (" + reason(e) + "): free disk space or correct the permissions" + more
                        + ".",
                e);
    }

    /** The system's reason, or the kind of the exception in lower-case words. */
    public static String reason(IOException e) {
        String name = e.getClass().getSimpleName().replaceAll("Exception$", "");
        String words = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        if (e instanceof FileSystemException system) {
            return system.getReason() != null ? system.getReason() : words;
        }
        return e.getMessage() == null ? words : e.getMessage();
    }
}
