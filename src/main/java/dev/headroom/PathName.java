package dev.headroom;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A path as the user wrote it. Outside of Windows and macOS names of files are bytes, which Java reads as the locale
 * says: in the locale {@code C}, whose characters are ASCII, it has put a {@code ?} for every other byte before any
 * code of ours runs, and would then read and write another file than the one that was named. llama.cpp is given UTF-8.
 */
public final class PathName {
    private static final boolean BYTES =
            !System.getProperty("os.name").toLowerCase(Locale.ROOT).matches("(windows|mac).*");

    private PathName() {}

    /**
     * The path, if it is what the user meant.
     *
     * @param what names it, as the beginning of a sentence
     * @throws BadInput if it cannot be
     */
    public static Path of(String what, String text) {
        return of(what, text, charset());
    }

    /** @param charset of the system's file names */
    static Path of(String what, String text, Charset charset) {
        if (!charset.equals(StandardCharsets.UTF_8) && text.chars().anyMatch(c -> c > 0x7e || c == '?')) {
            throw new BadInput(what + " (" + text + ") has letters that Java cannot tell in this locale (" + charset
                    + "), and might be another file: set LC_ALL=C.UTF-8, or a name in ASCII.");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new BadInput(
                    what + " (" + text + ") is not a path on this system (" + e.getReason() + "): give another name.",
                    e);
        }
    }

    private static Charset charset() {
        return BYTES ? Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")) : StandardCharsets.UTF_8;
    }
}
