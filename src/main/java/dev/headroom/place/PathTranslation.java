package dev.headroom.place;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** PathTranslation on the two sides of WSL, and in a shell. */
final class PathTranslation {
    private static final Pattern WINDOWS = Pattern.compile("([A-Za-z]):[\\\\/](.*)", Pattern.DOTALL);
    private static final Pattern MOUNTED = Pattern.compile("/mnt/([a-z])(?:/(.*))?", Pattern.DOTALL);

    private PathTranslation() {}

    /** A path of Windows as WSL sees it, {@code /mnt/c/x}; others as they are. */
    static String inWsl(String path) {
        Matcher matcher = WINDOWS.matcher(path);
        return matcher.matches()
                ? "/mnt/" + matcher.group(1).toLowerCase(Locale.ROOT) + "/"
                        + matcher.group(2).replace('\\', '/')
                : path;
    }

    /**
     * A path of WSL as Windows sees it, {@code C:\x} or {@code \\wsl.localhost\Debian\x}.
     *
     * @param distribution as {@code WSL_DISTRO_NAME} has it; without it paths outside of {@code /mnt} stay as they are
     */
    static String inWindows(String path, @Nullable String distribution) {
        Matcher matcher = MOUNTED.matcher(path);
        if (matcher.matches()) {
            String rest = matcher.group(2) == null ? "" : matcher.group(2);
            return matcher.group(1).toUpperCase(Locale.ROOT) + ":\\" + rest.replace('/', '\\');
        }
        return distribution == null || !path.startsWith("/")
                ? path
                : "\\\\wsl.localhost\\" + distribution + path.replace('/', '\\');
    }

    /** As a POSIX shell reads it back; a leading {@code ~/} stays the home folder. */
    static String quoted(String text) {
        if (text.startsWith("~/")) {
            return "~/" + quoted(text.substring(2));
        }
        return text.matches("[A-Za-z0-9_./=:@%+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
