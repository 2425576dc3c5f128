package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;

/** {@code /proc/self/status}, kept open: a value in bytes by its key. */
final class LinuxStatus implements AutoCloseable {
    static final Path FILE = Path.of("/proc/self/status");

    /** A reading takes 50 to 100 µs of a core, waking up included: 0.2 % of it. docs/meters.md has the figures. */
    static final Duration SPACING = Duration.ofMillis(50);

    private static final String UNIT = " kB";
    private static final int MAX_DIGITS = 15;
    private static final int SIZE = 16 * 1024;

    private final FileChannel channel;
    private final String key;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final byte[] bytes = new byte[SIZE];

    private LinuxStatus(FileChannel channel, String key) {
        this.channel = channel;
        this.key = key;
    }

    /** Opens the file for one key, if it is there and has the key. */
    static LinuxStatus open(Path file, String key) throws MeterUnavailable {
        if (!Files.exists(file)) {
            throw new MeterUnavailable("there is no " + file + " on this system");
        }
        try {
            LinuxStatus status = new LinuxStatus(FileChannel.open(file), key);
            if (status.read().isEmpty()) {
                status.close();
                throw new MeterUnavailable(file + " does not tell " + key);
            }
            return status;
        } catch (IOException | UncheckedIOException e) {
            throw new MeterUnavailable(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    OptionalLong read() {
        try {
            buffer.clear();
            int length = channel.read(buffer, 0);
            buffer.flip();
            buffer.get(bytes, 0, Math.max(0, length));
            return parse(new String(bytes, 0, Math.max(0, length), StandardCharsets.ISO_8859_1), key);
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
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
