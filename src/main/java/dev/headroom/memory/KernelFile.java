package dev.headroom.memory;

import dev.headroom.environment.Numbers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** A short text file of Linux's procfs or sysfs, kept open. Each reading returns the kernel's current text. */
final class KernelFile implements AutoCloseable {
    /** Size of the buffer in bytes. The longest file read here, {@code /proc/self/status}, has about 1,500. */
    private static final int SIZE = 16 * 1024;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
    private final byte[] bytes = new byte[SIZE];

    private KernelFile(FileChannel channel) {
        this.channel = channel;
    }

    /** Opens a file for reading. */
    static KernelFile open(Path file) throws MeterUnavailable {
        return open(file, "read", StandardOpenOption.READ);
    }

    /** Opens a file for reading and for {@link #command}. */
    static KernelFile openForCommands(Path file) throws MeterUnavailable {
        return open(file, "written", StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static KernelFile open(Path file, String verb, OpenOption... options) throws MeterUnavailable {
        requireExists(file);
        try {
            return new KernelFile(FileChannel.open(file, options));
        } catch (IOException e) {
            throw inaccessible(file, verb, e);
        }
    }

    /**
     * Checks that a file or folder exists. A Linux path is never absolute on Windows, so it does not exist there. Under
     * Wine, {@code /proc/self} would otherwise be the Wine server.
     */
    private static void requireExists(Path path) throws MeterUnavailable {
        if (!path.isAbsolute() || !Files.exists(path)) {
            throw inaccessible(path, "read", new NoSuchFileException(path.toString()));
        }
    }

    /** The paths in a folder whose names match a glob, in no particular order. */
    static List<Path> list(Path folder, String glob) throws MeterUnavailable {
        requireExists(folder);
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
            entries.forEach(paths::add);
        } catch (IOException | DirectoryIteratorException e) {
            throw inaccessible(folder, "read", e);
        }
        return paths;
    }

    /** The text of a file that is not kept open. Empty text if the file cannot be read. */
    static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    /** @param verb past participle: {@code read} or {@code written} */
    static MeterUnavailable inaccessible(Path path, String verb, Exception cause) {
        return new MeterUnavailable(
                cause instanceof NoSuchFileException
                        ? "there is no " + path + " on this system"
                        : path + " cannot be " + verb + ": " + cause.getMessage(),
                cause);
    }

    /** Writes to the start of the file. The kernel takes the text as a command. */
    void command(String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), 0);
    }

    /** The number in the file. Empty if it holds no number, or cannot be read because its subject is gone. */
    OptionalLong readNumber() {
        try {
            return number(read());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** The number that is a text; see {@link Numbers#parse}. */
    static OptionalLong number(String text) {
        return Numbers.parse(text).map(OptionalLong::of).orElseGet(OptionalLong::empty);
    }

    /** The current text, from the start of the file. */
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
