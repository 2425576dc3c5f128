package dev.headroom.gguf;

import dev.headroom.OneLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Streams a GGUF header through a small buffer. Every length and count is held against what is left of the file before
 * anything is allocated for it. The format: docs/gguf.md in the ggml repository; the checks are those of ggml's own
 * reader and no laxer.
 */
final class GgufReader {
    /** Real headers take up to some 20 MiB, nearly all of it vocabulary, which is skipped. */
    private static final long MOST_HEADER_BYTES = 128L << 20;

    /** What may be kept of it: keys, strings, short arrays, tensor descriptions. */
    private static final long MOST_KEPT_BYTES = 8L << 20;

    /** A rough cost in memory of one kept value beside its text. */
    private static final int KEPT_VALUE_BYTES = 100;

    private static final int MOST_TENSORS = 50_000;
    private static final int LEAST_KEY_VALUE_BYTES = 8 + 1 + 4 + 1;
    private static final int LEAST_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8;
    private static final int MOST_KEY_BYTES = 65_535;

    /** GGML_MAX_NAME less the terminating zero. */
    private static final int MOST_NAME_BYTES = 63;

    /** GGML_MAX_DIMS. */
    private static final int MOST_DIMS = 4;

    private static final int DEFAULT_ALIGNMENT = 32;

    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(64 << 10).order(ByteOrder.LITTLE_ENDIAN).flip();
    private final Map<String, Long> valuesAt = new HashMap<>();
    private final List<Long> tensorsAt = new ArrayList<>();
    private long bufferEnd;
    private long kept;

    private GgufReader(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.fileBytes = channel.size();
    }

    static Gguf read(Path file) {
        if (Files.isDirectory(file)) {
            throw new GgufException(file, "is a directory; give the .gguf file inside it");
        }
        if (!Files.exists(file)) {
            throw new GgufException(file, "does not exist; check the path or make a synthetic model");
        }
        if (!Files.isRegularFile(file)) {
            throw new GgufException(file, "is not a regular file");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return new GgufReader(file, channel).read();
        } catch (NoSuchFileException e) {
            throw new GgufException(file, "does not exist; check the path or make a synthetic model");
        } catch (AccessDeniedException e) {
            throw new GgufException(file, "cannot be read: permission denied");
        } catch (IOException e) {
            throw new GgufException(file, "cannot be read: " + e.getMessage());
        }
    }

    private Gguf read() throws IOException {
        if (fileBytes == 0) {
            throw new GgufException(file, 0, "is empty");
        }
        checkMagic();
        int version = version();
        long tensorCount = count("tensors", LEAST_TENSOR_BYTES, MOST_TENSORS);
        long valueCount = count("metadata values", LEAST_KEY_VALUE_BYTES, Integer.MAX_VALUE);
        Map<String, GgufValue> metadata = metadata(valueCount);
        long metadataEnd = position();
        long alignment = alignment(metadata);
        List<GgufTensor> tensors = tensors(tensorCount);
        long dataOffset = align(position(), alignment);
        Gguf gguf = new Gguf(file, fileBytes, version, dataOffset, metadata, tensors);
        if (gguf.text("general.architecture").isEmpty()) {
            throw new GgufException(
                    file, metadataEnd, "names no general.architecture in its metadata, so it is not a model");
        }
        checkSplit(gguf);
        checkData(gguf, alignment);
        return gguf;
    }

    private void checkMagic() throws IOException {
        byte[] start = new byte[(int) Math.min(9, fileBytes)];
        ahead(start.length);
        buffer.get(buffer.position(), start);
        String text = new String(start, StandardCharsets.ISO_8859_1);
        if (text.startsWith("GGUF")) {
            skip(4);
            return;
        }
        String found;
        if (text.length() == 9 && text.charAt(8) == '{') {
            found = "is a safetensors file, not a GGUF; convert it with llama.cpp's convert_hf_to_gguf.py";
        } else if (Set.of("lmgg", "tjgg", "fmgg", "algg").contains(text.substring(0, Math.min(4, text.length())))) {
            found = "is in a ggml format older than GGUF, which llama.cpp no longer loads; get it as GGUF";
        } else if (text.startsWith("version ")) {
            found = "is a Git LFS pointer, not the model itself; fetch it with 'git lfs pull'";
        } else if (text.startsWith("<")) {
            found = "is a web page, not a GGUF; the download went wrong";
        } else {
            found = "is not a GGUF: it does not begin with the letters GGUF";
        }
        throw new GgufException(file, 0, found);
    }

    private int version() throws IOException {
        long at = position();
        int version = (int) integer(GgufValue.Type.INT32);
        if (version != 0 && (version & 0xffff) == 0) {
            throw new GgufException(file, at, "is a big-endian GGUF, which this machine's llama.cpp cannot load");
        }
        if (version != 2 && version != 3) {
            throw new GgufException(
                    file,
                    at,
                    "is a GGUF of version %s, and versions 2 and 3 are supported"
                            .formatted(Integer.toUnsignedString(version)));
        }
        return version;
    }

    private long count(String what, int leastBytes, long most) throws IOException {
        long at = position();
        long count = integer(GgufValue.Type.UINT64);
        if (count < 0 || count > fileBytes / leastBytes) {
            throw new GgufException(
                    file,
                    at,
                    "claims %s %s, which a file of %s bytes cannot hold"
                            .formatted(Long.toUnsignedString(count), what, fileBytes));
        }
        if (count > most) {
            throw new GgufException(file, at, "has %s %s, and at most %s are read".formatted(count, what, most));
        }
        return count;
    }

    private Map<String, GgufValue> metadata(long count) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            long at = position();
            String key = string("a metadata key", MOST_KEY_BYTES);
            if (key.isEmpty()) {
                throw new GgufException(file, at, "has an empty metadata key");
            }
            GgufValue.Type type = valueType(key);
            Object value = type == GgufValue.Type.ARRAY ? array(key) : scalar(type, key);
            keep(at, KEPT_VALUE_BYTES);
            valuesAt.put(key, at);
            if (metadata.put(key, new GgufValue(type, value)) != null) {
                throw new GgufException(file, at, "has the metadata key %s twice".formatted(quote(key)));
            }
        }
        return metadata;
    }

    private GgufValue.Type valueType(String key) throws IOException {
        long at = position();
        int id = (int) integer(GgufValue.Type.INT32);
        return GgufValue.Type.byId(id)
                .orElseThrow(() -> new GgufException(
                        file,
                        at,
                        "gives %s the unknown value type %s".formatted(quote(key), Integer.toUnsignedString(id))));
    }

    private GgufValue.Array array(String key) throws IOException {
        GgufValue.Type type = valueType(key);
        long at = position();
        if (type == GgufValue.Type.ARRAY) {
            throw new GgufException(
                    file, at, "nests arrays in %s, which llama.cpp does not load".formatted(quote(key)));
        }
        long size = integer(GgufValue.Type.UINT64);
        long leastBytes = type == GgufValue.Type.STRING ? 8 : type.bytes();
        if (size < 0 || size > (fileBytes - position()) / leastBytes) {
            throw new GgufException(
                    file,
                    at,
                    "is truncated, or its array %s of %s elements is too long"
                            .formatted(quote(key), Long.toUnsignedString(size)));
        }
        if (size <= GgufValue.Array.MOST_KEPT) {
            List<Object> values = new ArrayList<>();
            for (long i = 0; i < size; i++) {
                values.add(scalar(type, key));
            }
            keep(at, size * KEPT_VALUE_BYTES);
            return new GgufValue.Array(type, size, values);
        }
        if (type == GgufValue.Type.STRING) {
            String what = quote(key);
            for (long i = 0; i < size; i++) {
                skip(length(what, Long.MAX_VALUE));
            }
        } else {
            skip(size * leastBytes);
        }
        return new GgufValue.Array(type, size, List.of());
    }

    private Object scalar(GgufValue.Type type, String key) throws IOException {
        return switch (type) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> integer(type);
            case FLOAT32 -> {
                ahead(4);
                yield (double) buffer.getFloat();
            }
            case FLOAT64 -> {
                ahead(8);
                yield buffer.getDouble();
            }
            case BOOL -> {
                ahead(1);
                yield buffer.get() != 0;
            }
            case STRING -> string(quote(key), MOST_KEPT_BYTES);
            case ARRAY -> throw new AssertionError(type);
        };
    }

    private long integer(GgufValue.Type type) throws IOException {
        ahead(type.bytes());
        return switch (type) {
            case UINT8 -> Byte.toUnsignedLong(buffer.get());
            case INT8 -> buffer.get();
            case UINT16 -> Short.toUnsignedLong(buffer.getShort());
            case INT16 -> buffer.getShort();
            case UINT32 -> Integer.toUnsignedLong(buffer.getInt());
            case INT32 -> buffer.getInt();
            case UINT64, INT64 -> buffer.getLong();
            case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new AssertionError(type);
        };
    }

    private long alignment(Map<String, GgufValue> metadata) {
        GgufValue value = metadata.get("general.alignment");
        if (value == null) {
            return DEFAULT_ALIGNMENT;
        }
        if (value.type() != GgufValue.Type.UINT32
                || !(value.value() instanceof Long alignment)
                || Long.bitCount(alignment) != 1) {
            throw new GgufException(file, at("general.alignment"), "has a general.alignment that is no power of two");
        }
        return alignment;
    }

    private List<GgufTensor> tensors(long count) throws IOException {
        List<GgufTensor> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < count; i++) {
            long at = position();
            String name = string("a tensor name", MOST_NAME_BYTES);
            if (!names.add(name)) {
                throw new GgufException(file, at, "has the tensor %s twice".formatted(quote(name)));
            }
            keep(at, KEPT_VALUE_BYTES);
            tensorsAt.add(at);
            tensors.add(tensor(name));
        }
        return tensors;
    }

    private GgufTensor tensor(String name) throws IOException {
        long at = position();
        long dimensions = integer(GgufValue.Type.UINT32);
        if (dimensions > MOST_DIMS) {
            throw new GgufException(
                    file,
                    at,
                    "has the tensor %s with %s dimensions, and at most %s are possible"
                            .formatted(quote(name), dimensions, MOST_DIMS));
        }
        List<Long> dims = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            dims.add(integer(GgufValue.Type.INT64));
        }
        long typeAt = position();
        int typeId = (int) integer(GgufValue.Type.INT32);
        GgufType type = GgufType.byId(typeId)
                .orElseThrow(() -> new GgufException(
                        file,
                        typeAt,
                        "has the tensor %s of type %s, which Headroom does not know"
                                .formatted(quote(name), Integer.toUnsignedString(typeId))));
        GgufTensor tensor = new GgufTensor(name, type, dims, integer(GgufValue.Type.UINT64));
        long row = dims.isEmpty() ? 1 : dims.get(0);
        try {
            if (dims.stream().anyMatch(dim -> dim < 0) || row % type.blockSize() != 0 || tensor.bytes() > fileBytes) {
                throw new ArithmeticException();
            }
        } catch (ArithmeticException e) {
            throw new GgufException(
                    file,
                    at,
                    "is truncated, or its tensor %s of type %s has the impossible shape %s"
                            .formatted(quote(name), type, dims));
        }
        return tensor;
    }

    private void checkSplit(Gguf gguf) {
        OptionalLong parts = gguf.integer("split.count");
        if (parts.isPresent() && parts.getAsLong() > 1) {
            String part = gguf.integer("split.no").isPresent()
                    ? String.valueOf(gguf.integer("split.no").getAsLong() + 1)
                    : "one";
            throw new GgufException(
                    file,
                    at("split.count"),
                    "is part %s of %s of a split model; merge the parts with 'llama-gguf-split --merge'"
                            .formatted(part, parts.getAsLong()));
        }
    }

    /** Tensors follow each other, padded to the alignment, as ggml demands; the last one needs no padding. */
    private void checkData(Gguf gguf, long alignment) {
        long expected = 0;
        for (int i = 0; i < gguf.tensors().size(); i++) {
            GgufTensor tensor = gguf.tensors().get(i);
            if (tensor.offset() != expected) {
                throw new GgufException(
                        file,
                        tensorsAt.get(i),
                        "places the tensor %s at %s of the data section instead of %s"
                                .formatted(quote(tensor.name()), Long.toUnsignedString(tensor.offset()), expected));
            }
            long end = gguf.dataOffset() + expected + tensor.bytes();
            if (end > fileBytes) {
                throw new GgufException(
                        file,
                        fileBytes,
                        "is truncated: the tensor %s ends at byte %s; copy or download the file again"
                                .formatted(quote(tensor.name()), end));
            }
            expected = align(expected + tensor.bytes(), alignment);
        }
    }

    private String string(String what, long most) throws IOException {
        long at = position();
        long length = length(what, most);
        keep(at, length);
        byte[] bytes = new byte[(int) length];
        for (int done = 0; done < bytes.length; ) {
            ahead(1);
            int part = Math.min(bytes.length - done, buffer.remaining());
            buffer.get(bytes, done, part);
            done += part;
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private long length(String what, long most) throws IOException {
        long at = position();
        long length = integer(GgufValue.Type.UINT64);
        if (length < 0 || length > most || length > fileBytes - position()) {
            throw new GgufException(
                    file,
                    at,
                    "is truncated or damaged: it claims %s bytes of text for %s"
                            .formatted(Long.toUnsignedString(length), what));
        }
        return length;
    }

    private void keep(long at, long bytes) {
        kept += bytes;
        if (kept > MOST_KEPT_BYTES) {
            throw new GgufException(
                    file,
                    at,
                    "has more than %s MiB of metadata, so it is not a model".formatted(MOST_KEPT_BYTES >> 20));
        }
    }

    /** Where a key stands that the metadata has. */
    private long at(String key) {
        return Objects.requireNonNull(valuesAt.get(key));
    }

    private long position() {
        return bufferEnd - buffer.remaining();
    }

    private void skip(long bytes) throws IOException {
        if (bytes <= buffer.remaining()) {
            buffer.position(buffer.position() + (int) bytes);
        } else {
            bufferEnd = Math.addExact(position(), bytes);
            buffer.position(buffer.limit());
            ahead(0);
        }
    }

    /** Makes sure that {@code bytes} of the file lie in the buffer. */
    private void ahead(int bytes) throws IOException {
        long position = position();
        if (position + bytes > fileBytes) {
            throw new GgufException(file, fileBytes, "is truncated: it ends inside its header");
        }
        if (position + bytes > MOST_HEADER_BYTES) {
            throw new GgufException(
                    file, position, "has a header of more than %s MiB".formatted(MOST_HEADER_BYTES >> 20));
        }
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            int read = channel.read(buffer, bufferEnd);
            if (read < 0) {
                throw new GgufException(file, bufferEnd, "is truncated: it shrank while it was read");
            }
            bufferEnd += read;
        }
        buffer.flip();
    }

    static long align(long offset, long alignment) {
        return (offset + alignment - 1) & -alignment;
    }

    private static String quote(String text) {
        String start = text.length() > 60 ? text.substring(0, 60) + "…" : text;
        return "'" + OneLine.of(start, "?") + "'";
    }
}
