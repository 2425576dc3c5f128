package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.headroom.BadInput;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GgufTest {
    private static final Locale BEFORE = Locale.getDefault();
    private static final long MAX_ALLOCATED = 64L << 20;

    private final Path folder;

    GgufTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeAll
    static void commaDecimalLocale() {
        Locale.setDefault(Locale.GERMANY);
    }

    @AfterAll
    static void restoreLocale() {
        Locale.setDefault(BEFORE);
    }

    @Test
    void readsWhatItWrites() throws IOException {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", GgufValue.of("llama"));
        metadata.put("general.name", GgufValue.of("Größe 7\u001b[31m"));
        metadata.put("u8", new GgufValue(GgufValue.Type.UINT8, 255L));
        metadata.put("i8", new GgufValue(GgufValue.Type.INT8, -128L));
        metadata.put("u16", new GgufValue(GgufValue.Type.UINT16, 65535L));
        metadata.put("i16", new GgufValue(GgufValue.Type.INT16, -32768L));
        metadata.put("u32", GgufValue.uint32(4294967295L));
        metadata.put("i32", new GgufValue(GgufValue.Type.INT32, -1L));
        metadata.put("f32", GgufValue.float32(1e-5));
        metadata.put("yes", new GgufValue(GgufValue.Type.BOOL, true));
        metadata.put("no", new GgufValue(GgufValue.Type.BOOL, false));
        metadata.put("u64", new GgufValue(GgufValue.Type.UINT64, -1L));
        metadata.put("i64", new GgufValue(GgufValue.Type.INT64, Long.MIN_VALUE));
        metadata.put("f64", new GgufValue(GgufValue.Type.FLOAT64, Math.PI));
        metadata.put("none", array(GgufValue.Type.FLOAT32, List.of()));
        for (GgufValue.Type type : GgufValue.Type.values()) {
            Object element =
                    switch (type) {
                        case STRING -> "ü";
                        case BOOL -> true;
                        case FLOAT32, FLOAT64 -> 0.5;
                        default -> 7L;
                    };
            if (type != GgufValue.Type.ARRAY) {
                metadata.put("array of " + type, array(type, List.of(element, element)));
            }
        }
        List<GgufTensor> tensors = List.of(
                new GgufTensor("a", TensorType.F32, List.of(3L), 0),
                new GgufTensor("b", TensorType.Q4_K, List.of(256L, 2L, 3L), 0),
                new GgufTensor("c", TensorType.Q8_0, List.of(32L), 0));
        Path file = folder.resolve("a.gguf");
        GgufWriter writer = new GgufWriter(metadata, tensors);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            writer.write(
                    out, (tensor, from) -> filled(tensor.name(), Math.min(50, tensor.bytes() - from)), Progress.NONE);
        }

        Gguf gguf = Gguf.read(file);

        assertThat(Files.size(file)).isEqualTo(writer.bytes()).isEqualTo(gguf.fileBytes());
        assertThat(gguf.metadata()).isEqualTo(metadata);
        assertThat(gguf.metadata().keySet()).containsExactlyElementsOf(metadata.keySet());
        assertThat(gguf.tensors()).isEqualTo(writer.tensors());
        assertThat(gguf.version()).isEqualTo(3);
        assertThat(gguf.name()).contains("Größe 7 [31m");
        assertThat(gguf.parameterCount()).isEqualTo(3 + 1536 + 32);
        assertThat(gguf.tensorBytes()).isEqualTo(12 + 6 * 144 + 34);
        assertThat(gguf.layers()).isEmpty();
        assertThat(gguf.integer("u64")).isEmpty();
        assertThat(gguf.integer("i64")).hasValue(Long.MIN_VALUE);
        byte[] bytes = Files.readAllBytes(file);
        for (GgufTensor tensor : gguf.tensors()) {
            int at = (int) (gguf.dataOffset() + tensor.offset());
            assertThat(Arrays.copyOfRange(bytes, at, at + (int) tensor.bytes()))
                    .containsOnly(tensor.name().charAt(0));
        }
    }

    @Test
    void skipsVocabulariesButKeepsTheirSize() throws IOException {
        List<Object> tokens = new ArrayList<>(Collections.nCopies(100_000, "token"));
        Bytes bytes = new Bytes()
                .header(3, 0, 4)
                .architecture()
                .entry("tokenizer.ggml.model", GgufValue.of("gpt2"))
                .entry("tokenizer.ggml.tokens", array(GgufValue.Type.STRING, tokens))
                .entry("tokenizer.ggml.token_type", array(GgufValue.Type.INT32, Collections.nCopies(100_000, 1L)));

        Gguf gguf = Gguf.read(bytes.in(folder));

        assertThat(gguf.hasTokenizer()).isTrue();
        assertThat(gguf.metadata().get("tokenizer.ggml.tokens"))
                .isEqualTo(new GgufValue(
                        GgufValue.Type.ARRAY, new GgufValue.Array(GgufValue.Type.STRING, 100_000, List.of())));
        assertThat(gguf.dataOffset()).isBetween(gguf.fileBytes(), gguf.fileBytes() + 31);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("malformed")
    void reportsWhatIsWrong(Consumer<Bytes> content, String message) throws IOException {
        Bytes bytes = new Bytes();
        content.accept(bytes);
        Path file = bytes.in(folder);

        assertThatThrownBy(() -> Gguf.read(file))
                .isInstanceOf(GgufException.class)
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith(file + " ")
                .hasMessageContaining(message)
                .hasMessageEndingWith(".");
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                bad("is empty", b -> {}),
                bad("is not a GGUF: it does not begin with the letters GGUF (at byte 0)", b -> b.text("GG")),
                bad("is not a GGUF", b -> b.text("PK and so on")),
                bad("is a safetensors file, not a GGUF", b -> b.number(40, 8).text("{\"weight\":{}}")),
                bad("older than GGUF", b -> b.text("tjgg").number(3, 4).number(0, 8)),
                bad("is a Git LFS pointer", b -> b.text("version https://git-lfs.github.com/spec/v1\n")),
                bad("is a web page", b -> b.text("<!DOCTYPE html><html>")),
                bad("ends inside its header (at byte 6)", b -> b.text("GGUF").number(3, 2)),
                bad(
                        "is a big-endian GGUF",
                        b -> b.text("GGUF").number(3 << 24, 4).number(0, 16)),
                bad("of version 1 (at byte 4): use a file of version 2 or 3", b -> b.header(1, 0, 0)),
                bad("of version 4", b -> b.header(4, 0, 0)),
                bad("of version 4294967295", b -> b.header(-1, 0, 0)),
                bad("claims 9223372036854775807 tensors", b -> b.header(3, Long.MAX_VALUE, 0)),
                bad("claims 18446744073709551615 tensors", b -> b.header(3, -1, 0)),
                bad(
                        "100 metadata values, too many for a file of 24 bytes (at byte 16): copy",
                        b -> b.header(3, 0, 100)),
                bad("has no general.architecture", b -> b.header(3, 0, 0)),
                bad(
                        "claims 4294967296 bytes of text for a metadata key",
                        b -> b.header(3, 0, 1).number(1L << 32, 8).number(0, 16)),
                bad(
                        "claims 18446744073709551615 bytes of text",
                        b -> b.header(3, 0, 1).number(-1, 8).number(0, 16)),
                bad("has an empty metadata key", b -> b.header(3, 0, 1).number(0, 30)),
                bad(
                        "has the metadata key 'general.architecture' twice",
                        b -> b.header(3, 0, 2).architecture().architecture()),
                bad(
                        "the unknown value type 99",
                        b -> b.header(3, 0, 1).string("key").number(99, 16)),
                bad("nests arrays in 'key'", b -> b.header(3, 0, 1)
                        .string("key")
                        .number(9, 4)
                        .number(9, 4)
                        .number(1, 8)),
                bad("array 'key' of 1000000000000 elements is too long", b -> b.header(3, 0, 1)
                        .string("key")
                        .number(9, 4)
                        .number(0, 4)
                        .number(1_000_000_000_000L, 8)),
                bad("array 'key' of 18446744073709551615 elements", b -> b.header(3, 0, 1)
                        .string("key")
                        .number(9, 4)
                        .number(8, 4)
                        .number(-1, 8)),
                bad(
                        "9000000000000000000 bytes of text for 'k?y'",
                        b -> b.header(3, 0, 1).string("k\ny").number(8, 4).number(9_000_000_000_000_000_000L, 8)),
                bad("has a general.alignment that is not a power of two", b -> b.header(3, 0, 1)
                        .entry("general.alignment", GgufValue.uint32(48))),
                bad("has a general.alignment that is not a power of two", b -> b.header(3, 0, 1)
                        .entry("general.alignment", GgufValue.uint32(0))),
                bad("is part 2 of 3 of a split model", b -> b.header(3, 0, 3)
                        .architecture()
                        .entry("split.no", new GgufValue(GgufValue.Type.UINT16, 1L))
                        .entry("split.count", new GgufValue(GgufValue.Type.UINT16, 3L))),
                bad("64 bytes of text for a tensor name", b -> b.tensors("x".repeat(64), 0, 0, 32)),
                bad("has the tensor 'a' twice", b -> b.header(3, 2, 1)
                        .architecture()
                        .tensor("a", 0, 0, 4)
                        .tensor("a", 0, 32, 4)),
                bad("with 5 dimensions, more than the limit of 4", b -> b.tensors("a", 0, 0, 1, 1, 1, 1, 1)),
                bad("of type Q4_0 has the impossible shape [33]", b -> b.tensors("a", 2, 0, 33)),
                bad("has the impossible shape [-32]", b -> b.tensors("a", 2, 0, -32)),
                bad("has the impossible shape [4611686018427387904, 4]", b -> b.tensors("a", 0, 0, 1L << 62, 4)),
                bad("has the impossible shape [1000000]", b -> b.tensors("a", 0, 0, 1_000_000)),
                bad("has the tensor 'a' of type 4, which Headroom does not know", b -> b.tensors("a", 4, 0, 32)),
                bad("places the tensor 'a' at 64 of the data section instead of 0", b -> b.tensors("a", 0, 64, 8)),
                bad("places the tensor 'a' at 18446744073709551552", b -> b.tensors("a", 0, -64, 8)),
                bad("is truncated: the tensor 'a' ends at byte 160", b -> b.tensors("a", 0, 0, 8)));
    }

    @Test
    void reportsWhyAFileCannotBeOpened() throws IOException {
        Path missing = folder.resolve("no.gguf");
        assertThatThrownBy(() -> Gguf.read(missing)).hasMessageContaining("no.gguf does not exist");
        assertThatThrownBy(() -> Gguf.read(folder)).hasMessageContaining("is a directory");
        Path secret = new Bytes().header(3, 0, 0).in(folder);
        assumeTrue(secret.toFile().setReadable(false) && !Files.isReadable(secret), "this user may read everything");
        assertThatThrownBy(() -> Gguf.read(secret)).hasMessageContaining("access denied");
    }

    @Test
    void hostileHeadersUseLittleTimeAndMemory() throws IOException {
        Path strings = new Bytes()
                .header(3, 0, 1)
                .string("key")
                .number(9, 4)
                .number(8, 4)
                .number(35_000_000, 8)
                .in(folder);
        extend(strings, 300L << 20);
        assertCheap(strings, "has a header of more than 128 MiB");

        Path text = new Bytes()
                .header(3, 0, 1)
                .string("key")
                .number(8, 4)
                .number(100L << 20, 8)
                .in(folder);
        extend(text, 300L << 20);
        assertCheap(text, "bytes of text for 'key'");

        byte[] invalidUtf8 = new byte[7 << 20];
        Arrays.fill(invalidUtf8, (byte) 0xff);
        Bytes garbage = new Bytes().header(3, 0, 1).string("key").number(8, 4);
        assertCheap(garbage.number(invalidUtf8.length, 8).raw(invalidUtf8).in(folder), "has no general.architecture");

        Bytes manyArrays = new Bytes().header(3, 0, 4000);
        for (int i = 0; i < 4000; i++) {
            manyArrays
                    .string("key" + i)
                    .number(9, 4)
                    .number(0, 4)
                    .number(1000, 8)
                    .number(0, 1000);
        }
        assertCheap(manyArrays.in(folder), "has more than 8 MiB of metadata");

        Bytes manyTensors = new Bytes().header(3, 50_000, 1).architecture();
        for (int i = 0; i < 50_000; i++) {
            manyTensors.tensor("t" + i, 0, 0, 0);
        }
        assertCheap(manyTensors.in(folder), "");
    }

    @Test
    void mutantsAreReadOrRefused() throws IOException {
        SyntheticModel model = SyntheticModel.parse("synthetic-stories-15m-l1-q4_0");
        Path whole = folder.resolve("whole.gguf");
        model.write(whole, Progress.NONE);
        byte[] header;
        try (FileChannel in = FileChannel.open(whole)) {
            header = new byte[(int) Gguf.read(whole).dataOffset()];
            in.read(ByteBuffer.wrap(header));
        }
        Random random = new Random(42);
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            Path mutant = new Bytes().raw(mutate(header, random)).in(folder);
            extend(mutant, random.nextInt(4) == 0 ? random.nextInt((int) model.bytes()) : model.bytes());
            refused += assertCheap(mutant, "") ? 1 : 0;
        }
        assertThat(refused).isGreaterThan(150);
    }

    private static byte[] mutate(byte[] header, Random random) {
        byte[] mutant = header.clone();
        for (int n = random.nextInt(3); n >= 0; n--) {
            int at = random.nextInt(mutant.length - 8);
            switch (random.nextInt(4)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt();
                case 2 -> Arrays.fill(mutant, at, at + 8, (byte) (random.nextBoolean() ? 0xff : 0));
                default -> System.arraycopy(header, random.nextInt(header.length - 8), mutant, at, 8);
            }
        }
        return mutant;
    }

    /** Checks that reading is fast and needs little memory, and that it succeeds or fails with this message. */
    private static boolean assertCheap(Path file, String message) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        boolean refused = false;
        try {
            Gguf.read(file);
        } catch (GgufException e) {
            assertThat(e).hasMessageContaining(message).hasMessageNotContaining("\n");
            refused = true;
        }
        // The goal is one second. The rest is for busy machines.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MAX_ALLOCATED);
        return refused;
    }

    private static void extend(Path file, long size) throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
    }

    private static ByteBuffer filled(String name, long length) {
        byte[] bytes = new byte[(int) length];
        Arrays.fill(bytes, (byte) name.charAt(0));
        return ByteBuffer.wrap(bytes);
    }

    private static GgufValue array(GgufValue.Type type, List<? extends Object> values) {
        return new GgufValue(GgufValue.Type.ARRAY, GgufValue.Array.of(type, List.copyOf(values)));
    }

    private static Arguments bad(String message, Consumer<Bytes> content) {
        return Arguments.of(content, message);
    }

    /** The bytes of a valid or invalid file. */
    private static final class Bytes {
        private final ByteBuffer bytes = ByteBuffer.allocate(8 << 20).order(ByteOrder.LITTLE_ENDIAN);

        Bytes raw(byte[] more) {
            bytes.put(more);
            return this;
        }

        Bytes text(String text) {
            return raw(text.getBytes(StandardCharsets.UTF_8));
        }

        Bytes number(long number, int size) {
            byte[] all = new byte[Math.max(8, size)];
            ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).putLong(number);
            return raw(Arrays.copyOf(all, size));
        }

        Bytes string(String text) {
            return number(text.getBytes(StandardCharsets.UTF_8).length, 8).text(text);
        }

        Bytes header(int version, long tensors, long values) {
            return text("GGUF").number(version, 4).number(tensors, 8).number(values, 8);
        }

        Bytes architecture() {
            return entry("general.architecture", GgufValue.of("llama"));
        }

        Bytes entry(String key, GgufValue value) {
            string(key).number(value.type().id(), 4);
            return value(value.type(), value.value());
        }

        private Bytes value(GgufValue.Type type, Object value) {
            if (value instanceof GgufValue.Array array) {
                number(array.type().id(), 4).number(array.size(), 8);
                array.values().forEach(element -> value(array.type(), element));
                return this;
            }
            return value instanceof String text ? string(text) : number((Long) value, type.bytes());
        }

        Bytes tensor(String name, int type, long offset, long... dims) {
            string(name).number(dims.length, 4);
            for (long dim : dims) {
                number(dim, 8);
            }
            return number(type, 4).number(offset, 8);
        }

        /** A file with one tensor in its header and no data. */
        Bytes tensors(String name, int type, long offset, long... dims) {
            return header(3, 1, 1).architecture().tensor(name, type, offset, dims);
        }

        Path in(Path folder) throws IOException {
            return Files.write(folder.resolve("test.gguf"), Arrays.copyOf(bytes.array(), bytes.position()));
        }
    }
}
