package dev.headroom.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes GGUF files of version 3. The header is built in memory, tensor data is streamed. */
public final class GgufWriter {
    static final int VERSION = 3;
    private static final int ALIGNMENT = 32;

    private final byte[] header;
    private final List<GgufTensor> tensors;

    /** A source of tensor data. */
    @FunctionalInterface
    public interface TensorData {
        /**
         * The tensor's bytes from {@code from} on: at least one, at most {@code tensor.bytes() - from}. The writer
         * consumes the buffer before the next call. Direct buffers of a few MiB are fastest.
         */
        ByteBuffer next(GgufTensor tensor, long from);
    }

    /**
     * Computes the layout of a file.
     *
     * @param tensors tensors in the file's order; their offsets are ignored and computed anew
     */
    public GgufWriter(Map<String, GgufValue> metadata, List<GgufTensor> tensors) {
        List<GgufTensor> laidOut = new ArrayList<>();
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            laidOut.add(tensor.at(offset));
            offset = GgufReader.align(offset + tensor.bytes(), ALIGNMENT);
        }
        this.tensors = List.copyOf(laidOut);
        this.header = header(metadata, laidOut);
    }

    /** The tensors with their offsets in this file. */
    public List<GgufTensor> tensors() {
        return tensors;
    }

    /** The start of the data section in the file, in bytes. */
    int dataOffset() {
        return header.length;
    }

    /** The size of the file in bytes. */
    public long bytes() {
        long bytes = header.length;
        for (GgufTensor tensor : tensors) {
            bytes += GgufReader.align(tensor.bytes(), ALIGNMENT);
        }
        return bytes;
    }

    /** Writes the whole file, starting at the channel's position. */
    public void write(FileChannel out, TensorData data, Progress progress) throws IOException {
        long total = bytes();
        writeAll(out, ByteBuffer.wrap(header));
        long done = header.length;
        for (GgufTensor tensor : tensors) {
            long bytes = tensor.bytes();
            for (long from = 0; from < bytes; ) {
                ByteBuffer part = data.next(tensor, from);
                int length = part.remaining();
                if (length == 0 || length > bytes - from) {
                    throw new IllegalStateException("%s bytes for %s at %s".formatted(length, tensor, from));
                }
                writeAll(out, part);
                from += length;
                progress.update(done + from, total);
            }
            writeAll(out, ByteBuffer.allocate((int) (GgufReader.align(bytes, ALIGNMENT) - bytes)));
            done += GgufReader.align(bytes, ALIGNMENT);
        }
        progress.update(total, total);
    }

    /** Writes the header and extends the file to its full size without weights, as a sparse file. */
    void writeHeader(FileChannel out) throws IOException {
        writeAll(out, ByteBuffer.wrap(header));
        if (bytes() > header.length) {
            out.position(bytes() - 1);
            writeAll(out, ByteBuffer.allocate(1));
        }
    }

    private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static byte[] header(Map<String, GgufValue> metadata, List<GgufTensor> tensors) {
        Header out = new Header();
        out.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.integer(VERSION, 4);
        out.integer(tensors.size(), 8);
        out.integer(metadata.size(), 8);
        metadata.forEach((key, value) -> {
            out.string(key);
            out.integer(value.type().id(), 4);
            out.value(value.type(), value.value());
        });
        for (GgufTensor tensor : tensors) {
            out.string(tensor.name());
            out.integer(tensor.dims().size(), 4);
            tensor.dims().forEach(dim -> out.integer(dim, 8));
            out.integer(tensor.type().id(), 4);
            out.integer(tensor.offset(), 8);
        }
        out.bytes(new byte[(int) (GgufReader.align(out.stream.size(), ALIGNMENT) - out.stream.size())]);
        return out.stream.toByteArray();
    }

    private static final class Header {
        private final ByteArrayOutputStream stream = new ByteArrayOutputStream();

        void bytes(byte[] bytes) {
            stream.writeBytes(bytes);
        }

        void integer(long value, int bytes) {
            ByteBuffer all =
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
            stream.write(all.array(), 0, bytes);
        }

        void string(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            integer(utf8.length, 8);
            bytes(utf8);
        }

        void value(GgufValue.Type type, Object value) {
            switch (type) {
                case STRING -> string((String) value);
                case BOOL -> integer((Boolean) value ? 1 : 0, 1);
                case FLOAT32 -> integer(Float.floatToIntBits(((Double) value).floatValue()), 4);
                case FLOAT64 -> integer(Double.doubleToLongBits((Double) value), 8);
                case ARRAY -> {
                    GgufValue.Array array = (GgufValue.Array) value;
                    if (array.size() != array.values().size()) {
                        throw new IllegalArgumentException("The array has only some of its elements.");
                    }
                    integer(array.type().id(), 4);
                    integer(array.size(), 8);
                    array.values().forEach(element -> value(array.type(), element));
                }
                case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> integer((Long) value, type.bytes());
            }
        }
    }
}
