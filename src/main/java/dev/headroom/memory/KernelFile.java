package dev.headroom.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A short text file of Linux's procfs or sysfs, kept open: every reading is what the kernel says then. */
final class KernelFile implements AutoCloseable {
    /** Bytes that are read; the longest such file, {@code /proc/self/status}, has some 1,500. */
    private static final int SIZE = 16 * 1024;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final byte[] bytes = new byte[SIZE];

    private KernelFile(FileChannel channel) {
        this.channel = channel;
    }

    static KernelFile open(Path file) throws MeterUnavailable {
        if (!Files.exists(file)) {
            throw new MeterUnavailable("there is no " + file + " on this system");
        }
        try {
            return new KernelFile(FileChannel.open(file));
        } catch (IOException e) {
            throw new MeterUnavailable(file + " cannot be read: " + e.getMessage(), e);
        }
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
