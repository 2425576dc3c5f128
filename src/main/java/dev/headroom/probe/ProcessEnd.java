package dev.headroom.probe;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Describes how a Java process ended, from its exit code and the JVM's crash report. */
public final class ProcessEnd {
    /** POSIX signals by number. Java's exit code of a process that a signal ended is 128 plus the number. */
    private static final Map<Integer, String> SIGNALS = Map.ofEntries(
            Map.entry(1, "SIGHUP"),
            Map.entry(2, "SIGINT"),
            Map.entry(3, "SIGQUIT"),
            Map.entry(4, "SIGILL"),
            Map.entry(6, "SIGABRT"),
            Map.entry(8, "SIGFPE"),
            Map.entry(9, "SIGKILL"),
            Map.entry(11, "SIGSEGV"),
            Map.entry(13, "SIGPIPE"),
            Map.entry(15, "SIGTERM"));

    /** The number of SIGBUS, which differs between systems. */
    private static final int SIGBUS = System.getProperty("os.name").startsWith("Mac") ? 10 : 7;

    /** NTSTATUS values in exit codes of Windows (ntstatus.h). */
    private static final Map<Integer, String> WINDOWS = Map.of(
            0xC0000005, "access violation",
            0xC000001D, "illegal instruction",
            0xC0000017, "no memory",
            0xC000012D, "commitment limit",
            0xC00000FD, "stack overflow",
            0xC0000374, "heap corruption",
            0xC0000409, "fail fast");

    private static final Pattern CRASH = Pattern.compile("^# +(?<what>(?:SIG|EXCEPTION_)[A-Z_]+) \\(0x");
    private static final String FRAME = "# Problematic frame:";

    private ProcessEnd() {}

    /** The text for an exit code, such as {@code signal 9 (SIGKILL)} or {@code exit code 1}. */
    public static String how(int exit) {
        if (WINDOWS.containsKey(exit)) {
            return String.format(Locale.ROOT, "exit code 0x%08X (%s)", exit, WINDOWS.get(exit));
        }
        int number = exit - 128;
        String signal = number == SIGBUS ? "SIGBUS" : SIGNALS.get(number);
        return signal != null ? "signal " + number + " (" + signal + ")" : "exit code " + exit;
    }

    /**
     * The signal and the frame in a crash report, such as {@code SIGSEGV in C [libggml.so+0x41b2c] ggml_mul_mat+0x9c}.
     *
     * @param report lines of hs_err, or the summary that the JVM prints; may be empty
     */
    public static Optional<String> crash(List<String> report) {
        int title = report.indexOf(FRAME);
        String frame = title < 0 || title + 1 >= report.size()
                ? ""
                : " in " + report.get(title + 1).replaceFirst("^# ", "").strip();
        return report.stream()
                .map(CRASH::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group("what") + frame)
                .findFirst();
    }
}
