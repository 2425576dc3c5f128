package dev.headroom.llama;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A counter of decoded batches and logged lines, in a file that another process watches. So that process notices if
 * this one hangs in native code. The file is mapped: counting is one store to memory, which costs little compared to a
 * token.
 */
public final class Heartbeat {
    /** The system property with the file's path. If it is not set, nothing is counted. */
    public static final String FILE = "headroom.heartbeat";

    private static final @Nullable LongBuffer COUNT = map(System.getProperty(FILE));

    private Heartbeat() {}

    private static @Nullable LongBuffer map(@Nullable String file) {
        if (file == null) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(
                Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(MapMode.READ_WRITE, 0, Long.BYTES)
                    .order(ByteOrder.BIG_ENDIAN)
                    .asLongBuffer();
        } catch (IOException e) {
            return null; // Disk full, for example: then the watching process has only its time limit.
        }
    }

    /** Adds one. If two threads call it at once, it may add only one. */
    static void beat() {
        if (COUNT != null) {
            COUNT.put(0, COUNT.get(0) + 1);
        }
    }

    /** The counter of another process; empty if its file does not exist yet. */
    public static OptionalLong read(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES);
            return channel.read(bytes, 0) == Long.BYTES ? OptionalLong.of(bytes.getLong(0)) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
