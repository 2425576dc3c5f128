package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Parsers for the numbers that kernels write as text. */
public final class Numbers {
    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,15}");

    private Numbers() {}

    /**
     * Parses a non-negative number of at most 15 digits; surrounding blanks are allowed. No machine has 10^15 KiB, and
     * that many bytes still fit into a {@code long}.
     */
    public static Optional<Long> parse(String text) {
        String digits = text.strip();
        return DIGITS.matcher(digits).matches() ? Optional.of(Long.valueOf(digits)) : Optional.empty();
    }

    /** Finds the number in a line {@code name number}, as in {@code /proc/vmstat} and in files of control groups. */
    static Optional<Long> field(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name + " "))
                .findFirst()
                .flatMap(line -> parse(line.substring(name.length())));
    }

    /** Converts bytes to MiB, rounded down. */
    static long mebibytes(long bytes) {
        return bytes >> 20;
    }
}
