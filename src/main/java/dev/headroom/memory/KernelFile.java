package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** A short text file of Linux's procfs or sysfs, kept open: every reading is what the kernel says then. */
final class KernelFile implements AutoCloseable {
    /** Bytes that are read; the longest such file, {@code /proc/self/status}, has some 1,500. */
    private static final int SIZE = 16 * 1024;

    /** 10^18 bytes are more than any machine has. */
    private static final int MAX_DIGITS = 18;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final byte[] bytes = new byte[SIZE];

    private KernelFile(FileChannel channel) {
        this.channel = channel;
    }

    static KernelFile open(Path file) throws MeterUnavailable {
        return open(file, "read", StandardOpenOption.READ);
    }

    /** Opens a file that is written to as well: what is written is a command to the kernel. */
    static KernelFile openForCommands(Path file) throws MeterUnavailable {
        return open(file, "written", StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /**
     * Whether there is such a file or folder. A path that begins with a slash has no drive on Windows; Wine may find
     * Linux's own files there, in which {@code self} is Wine's server.
     */
    static boolean isThere(Path file) {
        return file.isAbsolute() && Files.exists(file);
    }

    private static KernelFile open(Path file, String verb, OpenOption... options) throws MeterUnavailable {
        if (!isThere(file)) {
            throw new MeterUnavailable("there is no " + file + " on this system");
        }
        try {
            return new KernelFile(FileChannel.open(file, options));
        } catch (IOException e) {
            throw new MeterUnavailable(file + " cannot be " + verb + ": " + e.getMessage(), e);
        }
    }

    void command(String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), 0);
    }

    /** The number that the file consists of; empty if it is no number, or cannot be read: what it is about is gone. */
    OptionalLong readNumber() {
        try {
            return number(read());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** A decimal number and a line break; anything else is no value. */
    static OptionalLong number(String text) {
        String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        boolean number = !digits.isEmpty()
                && digits.length() <= MAX_DIGITS
                && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        return number ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }

    /** The text now. */
    String read() throws IOException {
        buffer.clear();
        int length = Math.max(0, channel.read(buffer, 0));
        buffer.flip();
        buffer.get(bytes, 0, length);
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
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
