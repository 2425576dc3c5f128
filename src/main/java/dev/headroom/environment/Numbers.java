package dev.headroom.environment;

import java.util.List;
import java.util.Optional;

/** Parsers for the numbers that kernels write as text. */
final class Numbers {
    private Numbers() {}

    /** Parses a non-negative number of at most 18 digits; surrounding blanks are allowed. */
    static Optional<Long> parse(String text) {
        String digits = text.strip();
        return digits.matches("[0-9]{1,18}") ? Optional.of(Long.valueOf(digits)) : Optional.empty();
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
