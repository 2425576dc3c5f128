package dev.headroom.place;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Translates paths between Windows and WSL, and quotes text for a shell. */
final class PathTranslation {
    private static final Pattern WINDOWS = Pattern.compile("([A-Za-z]):[\\\\/](.*)", Pattern.DOTALL);
    private static final Pattern MOUNTED = Pattern.compile("/mnt/([a-z])(?:/(.*))?", Pattern.DOTALL);

    private PathTranslation() {}

    /** The path in WSL of a Windows path, {@code /mnt/c/x}. Other paths stay unchanged. */
    static String inWsl(String path) {
        Matcher matcher = WINDOWS.matcher(path);
        return matcher.matches()
                ? "/mnt/" + matcher.group(1).toLowerCase(Locale.ROOT) + "/"
                        + matcher.group(2).replace('\\', '/')
                : path;
    }

    /**
     * The path in Windows of a WSL path, {@code C:\x} or {@code \\wsl.localhost\Debian\x}.
     *
     * @param distribution value of {@code WSL_DISTRO_NAME}; null leaves paths outside of {@code /mnt} unchanged
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

    /** Quotes text for a POSIX shell. A leading {@code ~/} stays the home folder. */
    static String quoted(String text) {
        if (text.startsWith("~/")) {
            return "~/" + quoted(text.substring(2));
        }
        return text.matches("[A-Za-z0-9_./=:@%+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
