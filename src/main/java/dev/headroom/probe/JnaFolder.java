package dev.headroom.probe;

import dev.headroom.BadInput;
import dev.headroom.gguf.ModelStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder where JNA unpacks its native library while it loads it. JNA's default on Linux and macOS is a folder in
 * the home directory.
 */
public final class JnaFolder {
    private static final String PROPERTY = "jna.tmpdir";

    private JnaFolder() {}

    /**
     * Makes this process and its children use Headroom's cache, unless the user set a folder. Call it before JNA is
     * used. The temp folder is the fallback only, because it is often mounted {@code noexec}.
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
            // the temp folder is used
        }
        return System.getProperty("java.io.tmpdir");
    }

    /** The option for a JVM that this process starts, with the same folder. */
    public static String option() {
        set();
        return "-D" + PROPERTY + "=" + System.getProperty(PROPERTY);
    }
}
