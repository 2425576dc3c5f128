package dev.headroom.fork;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.OneLine;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * One benchmark at a time on a machine. It is JMH's own lock, which JMH itself would hold for one fork only; who sets
 * JMH's property {@value #IGNORE} measures without it.
 */
public final class MachineLock implements Closeable {
    private static final String IGNORE = "jmh.ignoreLock";

    private final FileChannel file;

    private MachineLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes the lock, until it is closed or the process ends.
     *
     * @param what is being done, for those who find it taken
     * @throws BadInput if another process has it
     */
    public static Closeable take(String what) {
        if (Boolean.getBoolean(IGNORE)) {
            return () -> {};
        }
        Path path = Path.of(System.getProperty("java.io.tmpdir"), "jmh.lock");
        try {
            MachineLock lock = new MachineLock(open(path));
            lock.lock(path, what);
            System.setProperty(IGNORE, "true"); // JMH asks once, when its Runner is loaded
            return lock;
        } catch (IOException e) {
            throw new BadInput(
                    path + ", which keeps benchmarks from running at the same time, cannot be opened ("
                            + FileErrors.reason(e) + "): mend its permissions, or pass -D" + IGNORE + "=true to java.",
                    e);
        }
    }

    /** Another Headroom holds it for this one. */
    public static void leaveToOthers() {
        System.setProperty(IGNORE, "true");
    }

    /**
     * Made for every user to read and write, as JMH does; a file of another user must not be opened as if it were new.
     */
    private static FileChannel open(Path path) throws IOException {
        if (!Files.exists(path)) {
            try {
                Files.createFile(path);
                path.toFile().setReadable(true, false);
                path.toFile().setWritable(true, false);
            } catch (FileAlreadyExistsException e) {
                // another one was faster
            }
        }
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private void lock(Path path, String what) throws IOException {
        if (tryLock() == null) {
            String holder = holder();
            file.close();
            throw new BadInput(
                    "Another benchmark is running on this machine (" + (holder.isBlank() ? "" : holder + ", ")
                            + "it holds " + path + "): wait until it has ended, both would be wrong.");
        }
        file.truncate(0);
        file.write(ByteBuffer.wrap(
                (what + ", process " + ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    private @Nullable FileLock tryLock() throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** What the other one wrote; Windows does not show it. */
    private String holder() {
        try {
            ByteBuffer text = ByteBuffer.allocate(500);
            file.read(text, 0);
            return OneLine.of(new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip(), " ");
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
