package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** {@code /proc/self/status}, or another file of lines {@code Key: 123 kB}, kept open: a value in bytes by its key. */
final class LinuxStatus implements AutoCloseable {
    static final Path FILE = Path.of("/proc/self/status");

    private static final String UNIT = " kB";
    private static final int MAX_DIGITS = 15;

    private final KernelFile file;
    private final String key;

    private LinuxStatus(KernelFile file, String key) {
        this.file = file;
        this.key = key;
    }

    /** Opens the file for one key, if it is there and has the key. */
    static LinuxStatus open(Path path, String key) throws MeterUnavailable {
        LinuxStatus status = new LinuxStatus(KernelFile.open(path), key);
        try {
            if (status.read().isEmpty()) {
                status.close();
                throw new MeterUnavailable(path + " does not tell " + key);
            }
            return status;
        } catch (UncheckedIOException e) {
            status.close();
            throw new MeterUnavailable(path + " cannot be read: " + e.getMessage(), e);
        }
    }

    OptionalLong read() {
        try {
            return parse(file.read(), key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The value of a line {@code Key: 123 kB} in bytes; empty where there is none, or its line is not of that form. The
     * text is searched, not taken apart: that halves the cost of a reading.
     */
    static OptionalLong parse(String text, String key) {
        int line = text.indexOf("\n" + key + ":");
        int end = line < 0 ? -1 : text.indexOf('\n', line + 1);
        if (end < 0) {
            return OptionalLong.empty();
        }
        String value = text.substring(line + key.length() + 2, end).strip();
        int digits = value.length() - UNIT.length();
        if (!value.endsWith(UNIT) || digits < 1 || digits > MAX_DIGITS) {
            return OptionalLong.empty();
        }
        for (int i = 0; i < digits; i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return OptionalLong.empty();
            }
        }
        return OptionalLong.of(Long.parseLong(value, 0, digits, 10) * 1024);
    }

    @Override
    public void close() {
        file.close();
    }
}
