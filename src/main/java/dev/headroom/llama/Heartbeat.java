package dev.headroom.llama;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A number that grows with every batch decoded and every line logged, in a file that another process can watch: a fork
 * that hangs in native code cannot say so itself. The file is mapped, so that counting is a store to memory and stays
 * cheap beside a token.
 */
public final class Heartbeat {
    /** The system property that names the file; without it nothing is counted. */
    public static final String FILE = "headroom.heartbeat";

    private static final Optional<LongBuffer> COUNT =
            Optional.ofNullable(System.getProperty(FILE)).map(Path::of).flatMap(Heartbeat::map);

    private Heartbeat() {}

    private static Optional<LongBuffer> map(Path file) {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return Optional.of(channel.map(MapMode.READ_WRITE, 0, Long.BYTES)
                    .order(ByteOrder.BIG_ENDIAN)
                    .asLongBuffer());
        } catch (IOException e) {
            return Optional.empty(); // a disk that is full: the watch then goes by the time limit alone
        }
    }

    /** Something has been done. Two threads at once may count one. */
    static void beat() {
        if (COUNT.isPresent()) {
            COUNT.get().put(0, COUNT.get().get(0) + 1);
        }
    }

    /** What the other process has counted; empty as long as there is no file. */
    public static OptionalLong read(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES);
            return channel.read(bytes, 0) == Long.BYTES ? OptionalLong.of(bytes.getLong(0)) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
