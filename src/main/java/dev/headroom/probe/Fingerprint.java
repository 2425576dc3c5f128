package dev.headroom.probe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** SHA-256 fingerprints of files, which distinguish files of the same name. Empty if a file cannot be read. */
public final class Fingerprint {
    private static final Pattern LIBRARY =
            Pattern.compile("(?i)(lib)?j?(llama|ggml)[\\w.-]*\\.(so[.\\d]*|dll|dylib|metallib)");

    /** The number of parts of a model that are read, at even distances. A whole model of 40 GB would take a minute. */
    private static final int PARTS = 256;

    private static final int PART_BYTES = 16 << 10;

    private Fingerprint() {}

    /** The fingerprint of the llama.cpp libraries in a folder: their names and all their bytes. */
    static Optional<String> ofLibraries(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> libraries = files.filter(file ->
                            LIBRARY.matcher(file.getFileName().toString()).matches() && Files.isRegularFile(file))
                    .sorted()
                    .toList();
            MessageDigest digest = sha256();
            for (Path library : libraries) {
                digest.update(library.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                try (FileChannel channel = FileChannel.open(library)) {
                    add(digest, channel, 0, channel.size());
                }
            }
            return Optional.of(HexFormat.of().formatHex(digest.digest()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The fingerprint of a model: its size, its beginning and parts of the rest. */
    public static Optional<String> ofModel(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            MessageDigest digest = sha256();
            long size = channel.size();
            digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, size));
            for (int part = 0; part < PARTS; part++) {
                long start = (long) ((double) size / PARTS * part);
                add(digest, channel, start, Math.min(PART_BYTES, size - start));
            }
            return Optional.of(HexFormat.of().formatHex(digest.digest()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void add(MessageDigest digest, FileChannel channel, long start, long length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
        for (long done = 0; done < length; ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), length - done));
            int read = channel.read(buffer, start + done);
            if (read < 0) {
                return;
            }
            done += read;
            digest.update(buffer.flip());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
