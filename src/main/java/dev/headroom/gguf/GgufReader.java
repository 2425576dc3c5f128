package dev.headroom.gguf;

import dev.headroom.FileErrors;
import dev.headroom.OneLine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
 * Reads a GGUF header through a small buffer. It checks every length and count against the rest of the file before it
 * allocates memory for it. The format is described in docs/gguf.md of the ggml repository. The checks are at least as
 * strict as those of ggml's own reader.
 */
final class GgufReader {
    /** Real headers have up to about 20 MiB. Nearly all of it is the vocabulary, which is skipped. */
    private static final long MAX_HEADER_BYTES = 128L << 20;

    /** The limit for the kept parts: keys, strings, short arrays and tensor descriptions. */
    private static final long MAX_KEPT_BYTES = 8L << 20;

    /** The approximate memory of one kept value, without its text. */
    private static final int KEPT_VALUE_BYTES = 100;

    private static final int MAX_TENSORS = 50_000;
    private static final int MIN_KEY_VALUE_BYTES = 8 + 1 + 4 + 1;
    private static final int MIN_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8;
    private static final int MAX_KEY_BYTES = 65_535;

    /** {@code GGML_MAX_NAME}, minus the terminating NUL. */
    private static final int MAX_NAME_BYTES = 63;

    /** {@code GGML_MAX_DIMS} */
    private static final int MAX_DIMS = 4;

    private static final int DEFAULT_ALIGNMENT = 32;

    private static final String COPY_AGAIN = "copy or download the file again";
    private static final String USE_ANOTHER = "use another file";
    private static final String CHECK_PATH = "check the path, or make a synthetic model with 'headroom model make'";

    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(64 << 10).order(ByteOrder.LITTLE_ENDIAN).flip();
    private final Map<String, Long> valuePositions = new HashMap<>();
    private final List<Long> tensorPositions = new ArrayList<>();
    private long bufferEnd;
    private long kept;

    private GgufReader(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.fileBytes = channel.size();
    }

    static Gguf read(Path file) {
        if (Files.isDirectory(file)) {
            throw new GgufException(file, "is a directory", "give the .gguf file inside it");
        }
        if (!Files.exists(file)) {
            throw new GgufException(file, "does not exist", CHECK_PATH);
        }
        if (!Files.isRegularFile(file)) {
            throw new GgufException(file, "is not a regular file", "give a .gguf file");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return new GgufReader(file, channel).read();
        } catch (NoSuchFileException e) {
            throw new GgufException(file, "does not exist", CHECK_PATH);
        } catch (IOException e) {
            throw new GgufException(
                    file, "cannot be read: " + FileErrors.reason(e), "check its permissions and the disk");
        }
    }

    private Gguf read() throws IOException {
        if (fileBytes == 0) {
            throw bad(0, "is empty");
        }
        checkMagic();
        int version = version();
        long tensorCount = count("tensors", MIN_TENSOR_BYTES, MAX_TENSORS);
        long valueCount = count("metadata values", MIN_KEY_VALUE_BYTES, Integer.MAX_VALUE);
        Map<String, GgufValue> metadata = metadata(valueCount);
        long metadataEnd = position();
        long alignment = alignment(metadata);
        List<GgufTensor> tensors = tensors(tensorCount);
        long dataOffset = align(position(), alignment);
        Gguf gguf = new Gguf(file, fileBytes, version, dataOffset, metadata, tensors);
        if (gguf.text("general.architecture").isEmpty()) {
            throw bad(metadataEnd, "has no general.architecture in its metadata", "give a model file");
        }
        checkSplit(gguf);
        checkData(gguf, alignment);
        return gguf;
    }

    private void checkMagic() throws IOException {
        byte[] start = new byte[(int) Math.min(9, fileBytes)];
        ensureBuffered(start.length);
        buffer.get(buffer.position(), start);
        String text = new String(start, StandardCharsets.ISO_8859_1);
        if (text.startsWith("GGUF")) {
            skip(4);
            return;
        }
        if (text.length() == 9 && text.charAt(8) == '{') {
            throw bad(0, "is a safetensors file, not a GGUF", "convert it with llama.cpp's convert_hf_to_gguf.py");
        }
        if (Set.of("lmgg", "tjgg", "fmgg", "algg").contains(text.substring(0, Math.min(4, text.length())))) {
            throw bad(0, "is in a ggml format older than GGUF, which llama.cpp no longer loads", "get it as GGUF");
        }
        if (text.startsWith("version ")) {
            throw bad(0, "is a Git LFS pointer, not the model itself", "fetch the model with 'git lfs pull'");
        }
        if (text.startsWith("<")) {
            throw bad(0, "is a web page, not a GGUF", "download the file again");
        }
        throw bad(0, "is not a GGUF: it does not begin with the letters GGUF", "give a .gguf file");
    }

    private int version() throws IOException {
        long at = position();
        int version = (int) integer(GgufValue.Type.INT32);
        if (version != 0 && (version & 0xffff) == 0) {
            throw bad(at, "is a big-endian GGUF, which llama.cpp cannot load here", "use a little-endian file");
        }
        if (version != 2 && version != 3) {
            throw bad(
                    at,
                    "is a GGUF of version %s".formatted(Integer.toUnsignedString(version)),
                    "use a file of version 2 or 3");
        }
        return version;
    }

    private long count(String what, int leastBytes, long most) throws IOException {
        long at = position();
        long count = integer(GgufValue.Type.UINT64);
        if (count < 0 || count > fileBytes / leastBytes) {
            throw bad(
                    at,
                    "claims %s %s, too many for a file of %s bytes"
                            .formatted(Long.toUnsignedString(count), what, fileBytes));
        }
        if (count > most) {
            throw bad(at, "has %s %s, more than the limit of %s".formatted(count, what, most), USE_ANOTHER);
        }
        return count;
    }

    private Map<String, GgufValue> metadata(long count) throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            long at = position();
            String key = string("a metadata key", MAX_KEY_BYTES);
            if (key.isEmpty()) {
                throw bad(at, "has an empty metadata key");
            }
            GgufValue.Type type = valueType(key);
            Object value = type == GgufValue.Type.ARRAY ? array(key) : scalar(type, key);
            countKept(at, KEPT_VALUE_BYTES);
            valuePositions.put(key, at);
            if (metadata.put(key, new GgufValue(type, value)) != null) {
                throw bad(at, "has the metadata key %s twice".formatted(quote(key)));
            }
        }
        return metadata;
    }

    private GgufValue.Type valueType(String key) throws IOException {
        long at = position();
        int id = (int) integer(GgufValue.Type.INT32);
        return GgufValue.Type.byId(id)
                .orElseThrow(() -> bad(
                        at, "gives %s the unknown value type %s".formatted(quote(key), Integer.toUnsignedString(id))));
    }

    private GgufValue.Array array(String key) throws IOException {
        GgufValue.Type type = valueType(key);
        long at = position();
        if (type == GgufValue.Type.ARRAY) {
            throw bad(at, "nests arrays in %s, which llama.cpp does not load".formatted(quote(key)), USE_ANOTHER);
        }
        long size = integer(GgufValue.Type.UINT64);
        long leastBytes = type == GgufValue.Type.STRING ? 8 : type.bytes();
        if (size < 0 || size > (fileBytes - position()) / leastBytes) {
            throw bad(
                    at,
                    "is truncated, or its array %s of %s elements is too long"
                            .formatted(quote(key), Long.toUnsignedString(size)));
        }
        if (size <= GgufValue.Array.MAX_KEPT) {
            List<Object> values = new ArrayList<>();
            for (long i = 0; i < size; i++) {
                values.add(scalar(type, key));
            }
            countKept(at, size * KEPT_VALUE_BYTES);
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
                ensureBuffered(4);
                yield (double) buffer.getFloat();
            }
            case FLOAT64 -> {
                ensureBuffered(8);
                yield buffer.getDouble();
            }
            case BOOL -> {
                ensureBuffered(1);
                yield buffer.get() != 0;
            }
            case STRING -> string(quote(key), MAX_KEPT_BYTES);
            case ARRAY -> throw new AssertionError(type);
        };
    }

    private long integer(GgufValue.Type type) throws IOException {
        ensureBuffered(type.bytes());
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
            throw bad(
                    positionOf("general.alignment"), "has a general.alignment that is not a power of two", USE_ANOTHER);
        }
        return alignment;
    }

    private List<GgufTensor> tensors(long count) throws IOException {
        List<GgufTensor> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < count; i++) {
            long at = position();
            String name = string("a tensor name", MAX_NAME_BYTES);
            if (!names.add(name)) {
                throw bad(at, "has the tensor %s twice".formatted(quote(name)));
            }
            countKept(at, KEPT_VALUE_BYTES);
            tensorPositions.add(at);
            tensors.add(tensor(name));
        }
        return tensors;
    }

    private GgufTensor tensor(String name) throws IOException {
        long at = position();
        long dimensions = integer(GgufValue.Type.UINT32);
        if (dimensions > MAX_DIMS) {
            throw bad(
                    at,
                    "has the tensor %s with %s dimensions, more than the limit of %s"
                            .formatted(quote(name), dimensions, MAX_DIMS));
        }
        List<Long> dims = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            dims.add(integer(GgufValue.Type.INT64));
        }
        long typeAt = position();
        int typeId = (int) integer(GgufValue.Type.INT32);
        TensorType type = TensorType.byId(typeId)
                .orElseThrow(() -> bad(
                        typeAt,
                        "has the tensor %s of type %s, which Headroom does not know"
                                .formatted(quote(name), Integer.toUnsignedString(typeId)),
                        "use another quantization"));
        GgufTensor tensor = new GgufTensor(name, type, dims, integer(GgufValue.Type.UINT64));
        long row = dims.isEmpty() ? 1 : dims.get(0);
        try {
            if (dims.stream().anyMatch(dim -> dim < 0) || row % type.blockSize() != 0 || tensor.bytes() > fileBytes) {
                throw new ArithmeticException();
            }
        } catch (ArithmeticException e) {
            throw bad(
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
            throw bad(
                    positionOf("split.count"),
                    "is part %s of %s of a split model".formatted(part, parts.getAsLong()),
                    "merge the parts with 'llama-gguf-split --merge'");
        }
    }

    /** Checks that tensors follow each other, padded to the alignment, as ggml requires. The last needs no padding. */
    private void checkData(Gguf gguf, long alignment) {
        long expected = 0;
        for (int i = 0; i < gguf.tensors().size(); i++) {
            GgufTensor tensor = gguf.tensors().get(i);
            if (tensor.offset() != expected) {
                throw bad(
                        tensorPositions.get(i),
                        "places the tensor %s at %s of the data section instead of %s"
                                .formatted(quote(tensor.name()), Long.toUnsignedString(tensor.offset()), expected));
            }
            long end = gguf.dataOffset() + expected + tensor.bytes();
            if (end > fileBytes) {
                throw bad(
                        fileBytes, "is truncated: the tensor %s ends at byte %s".formatted(quote(tensor.name()), end));
            }
            expected = align(expected + tensor.bytes(), alignment);
        }
    }

    private String string(String what, long most) throws IOException {
        long at = position();
        long length = length(what, most);
        countKept(at, length);
        byte[] bytes = new byte[(int) length];
        for (int done = 0; done < bytes.length; ) {
            ensureBuffered(1);
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
            throw bad(
                    at,
                    "is truncated or damaged: it claims %s bytes of text for %s"
                            .formatted(Long.toUnsignedString(length), what));
        }
        return length;
    }

    private void countKept(long at, long bytes) {
        kept += bytes;
        if (kept > MAX_KEPT_BYTES) {
            throw bad(at, "has more than %s MiB of metadata".formatted(MAX_KEPT_BYTES >> 20), "give a model file");
        }
    }

    /** The position of a key of the metadata. */
    private long positionOf(String key) {
        return Objects.requireNonNull(valuePositions.get(key));
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
            ensureBuffered(0);
        }
    }

    /** Fills the buffer until it has at least {@code bytes} bytes. */
    private void ensureBuffered(int bytes) throws IOException {
        long position = position();
        if (position + bytes > fileBytes) {
            throw bad(fileBytes, "is truncated: it ends inside its header");
        }
        if (position + bytes > MAX_HEADER_BYTES) {
            throw bad(position, "has a header of more than %s MiB".formatted(MAX_HEADER_BYTES >> 20), USE_ANOTHER);
        }
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            int read = channel.read(buffer, bufferEnd);
            if (read < 0) {
                throw bad(bufferEnd, "is truncated: it shrank while it was read");
            }
            bufferEnd += read;
        }
        buffer.flip();
    }

    static long align(long offset, long alignment) {
        return (offset + alignment - 1) & -alignment;
    }

    private GgufException bad(long at, String reason) {
        return bad(at, reason, COPY_AGAIN);
    }

    private GgufException bad(long at, String reason, String remedy) {
        return new GgufException(file, at, reason, remedy);
    }

    private static String quote(String text) {
        String start = text.length() > 60 ? text.substring(0, 60) + "…" : text;
        return "'" + OneLine.of(start, "?") + "'";
    }
}
