package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * One size in a procfs file of lines {@code Key: 123 kB}, such as {@code /proc/self/status}. The file stays open, and
 * each reading returns the current size in bytes.
 */
final class ProcField implements AutoCloseable {
    static final Path STATUS = Path.of("/proc/self/status");

    private static final String UNIT = " kB";

    private final KernelFile file;
    private final String key;

    private ProcField(KernelFile file, String key) {
        this.file = file;
        this.key = key;
    }

    /**
     * Opens a file.
     *
     * @throws MeterUnavailable if the file cannot be read or has no such key
     */
    static ProcField open(Path path, String key) throws MeterUnavailable {
        ProcField field = new ProcField(KernelFile.open(path), key);
        try {
            if (field.read().isEmpty()) {
                field.close();
                throw new MeterUnavailable(path + " has no " + key);
            }
            return field;
        } catch (UncheckedIOException e) {
            field.close();
            throw KernelFile.inaccessible(path, "read", e);
        }
    }

    /** The size in bytes. Empty if the file no longer has it. */
    OptionalLong read() {
        try {
            return parse(file.read(), key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The size in the line {@code Key: 123 kB}, in bytes. Empty if there is no such line, or it has another form. The
     * text is searched, not split into lines: that halves the cost of a reading.
     */
    static OptionalLong parse(String text, String key) {
        int line = text.indexOf("\n" + key + ":");
        int end = line < 0 ? -1 : text.indexOf('\n', line + 1);
        if (end < 0) {
            return OptionalLong.empty();
        }
        String value = text.substring(line + key.length() + 2, end).strip();
        OptionalLong kib = value.endsWith(UNIT)
                ? KernelFile.number(value.substring(0, value.length() - UNIT.length()))
                : OptionalLong.empty();
        return kib.isPresent() ? OptionalLong.of(kib.getAsLong() * 1024) : kib;
    }

    @Override
    public void close() {
        file.close();
    }
}
