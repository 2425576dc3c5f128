package dev.headroom;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Parses paths that the user wrote. On Linux, file names are bytes, and Java decodes them by the locale. In the locale
 * {@code C}, the JVM has already replaced undecodable bytes by {@code ?}, so the path would name a different file.
 * llama.cpp always gets its paths in UTF-8.
 */
public final class PathName {
    private static final boolean NAMES_ARE_BYTES =
            !System.getProperty("os.name").toLowerCase(Locale.ROOT).matches("(windows|mac).*");

    private PathName() {}

    /**
     * Parses a path.
     *
     * @param what what the path is for; the error message begins with it
     * @throws BadInput if the text is not a path, or if the locale may have changed it
     */
    public static Path of(String what, String text) {
        return of(what, text, charset());
    }

    /** @param charset the encoding of the system's file names */
    static Path of(String what, String text, Charset charset) {
        if (!charset.equals(StandardCharsets.UTF_8) && text.chars().anyMatch(c -> c > 0x7e || c == '?')) {
            throw new BadInput(what + " (" + text + ") has characters that Java cannot read in this locale (" + charset
                    + "): set LC_ALL=C.UTF-8, or use a name in ASCII.");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new BadInput(
                    what + " (" + text + ") is not a path on this system (" + e.getReason() + "): use another name.",
                    e);
        }
    }

    private static Charset charset() {
        return NAMES_ARE_BYTES
                ? Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"))
                : StandardCharsets.UTF_8;
    }
}
