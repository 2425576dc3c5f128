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
 * Allows one benchmark at a time on a machine. It is JMH's own lock file, held for the whole run; JMH holds it for one
 * fork only. JMH's property {@value #IGNORE} disables it.
 */
public final class MachineLock implements Closeable {
    private static final String IGNORE = "jmh.ignoreLock";

    private final FileChannel file;

    private MachineLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes the lock. It is released when it is closed or the process ends.
     *
     * @param what is measured, for the message of another process that finds the lock taken
     * @throws BadInput if another process holds it
     */
    public static Closeable take(String what) {
        if (Boolean.getBoolean(IGNORE)) {
            return () -> {};
        }
        Path path = Path.of(System.getProperty("java.io.tmpdir"), "jmh.lock");
        try {
            MachineLock lock = new MachineLock(open(path));
            lock.lock(path, what);
            System.setProperty(IGNORE, "true"); // JMH reads it once, when its Runner is loaded
            return lock;
        } catch (IOException e) {
            throw new BadInput(
                    path + ", the lock that keeps two benchmarks apart, cannot be opened (" + FileErrors.reason(e)
                            + "): correct its permissions, or pass -D" + IGNORE + "=true to java.",
                    e);
        }
    }

    /** Measures without the lock, because another Headroom holds it for this one. */
    public static void ignore() {
        System.setProperty(IGNORE, "true");
    }

    /**
     * Creates the file for every user to read and write, as JMH does. An existing file may belong to another user and
     * is only opened.
     */
    private static FileChannel open(Path path) throws IOException {
        if (!Files.exists(path)) {
            try {
                Files.createFile(path);
                path.toFile().setReadable(true, false);
                path.toFile().setWritable(true, false);
            } catch (FileAlreadyExistsException e) {
                // another process created it first
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
                            + "it holds " + path + "): both results would be wrong; wait until it has ended.");
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

    /** The text that the other process wrote; empty on Windows, where a locked file cannot be read. */
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
