package dev.headroom.probe;

import dev.headroom.BadInput;
import dev.headroom.gguf.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where JNA unpacks its native library, for as long as it takes to load it. On Linux and macOS that would be a folder
 * of its own in the home directory, wherever Headroom's cache is.
 */
public final class JnaFolder {
    private static final String PROPERTY = "jna.tmpdir";

    private JnaFolder() {}

    /**
     * Has this process, and those that it starts, use Headroom's cache, unless the user has named a folder. Temp is
     * often on a disk from which nothing may be loaded; it serves where there is no cache that can be written to. To be
     * called before JNA is used.
     */
    public static void set() {
        if (System.getProperty(PROPERTY) == null) {
            System.setProperty(PROPERTY, folder());
        }
    }

    private static String folder() {
        try {
            Path cache = ModelStore.ofUser().directory();
            Files.createDirectories(cache);
            if (Files.isWritable(cache)) {
                return cache.toAbsolutePath().toString();
            }
        } catch (IOException | BadInput e) {
            // as where it cannot be written to
        }
        return System.getProperty("java.io.tmpdir");
    }

    /** The option for a JVM that this process starts. */
    public static String option() {
        set();
        return "-D" + PROPERTY + "=" + System.getProperty(PROPERTY);
    }
}
