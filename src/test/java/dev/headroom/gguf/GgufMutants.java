package dev.headroom.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes GGUF files with wrong headers. It splits valid headers into fields, and replaces, repeats, removes and moves
 * fields. The same seed always gives the same files.
 */
public final class GgufMutants {
    /** Dense models, mixtures of experts and a model with sliding windows. */
    private static final List<String> BASES = List.of(
            "synthetic-stories-15m-l1-q4_0",
            "synthetic-smollm2-135m-l2-q4_k_m",
            "synthetic-gemma-3-4b-l2-q8_0",
            "synthetic-qwen3-30b-a3b-l1-q4_0",
            "synthetic-gpt-oss-20b-l1-mxfp4");

    private static final List<Long> NUMBERS = List.of(
            0L,
            1L,
            -1L,
            2L,
            3L,
            31L,
            0x7fL,
            0xffL,
            0x7fff_ffffL,
            0x8000_0000L,
            0xffff_ffffL,
            1L << 32,
            1L << 40,
            1L << 60,
            1L << 62,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MAX_VALUE / 32,
            Long.MAX_VALUE - 31);

    private static final List<byte[]> TEXTS = List.of(
            bytes(""),
            bytes("\n\r\u001b[31m\u0007\u0000"),
            bytes("\u009b2J\u202egnorw\u2028"),
            bytes("Größe 模型 🦙"),
            new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0xc0, (byte) 0x80, (byte) 0xed, (byte) 0xa0, (byte) 0x80},
            bytes("general.alignment"),
            bytes("general.architecture"),
            bytes("split.count"),
            bytes("llama.context_length"),
            bytes("%s%n%1$99999s"),
            bytes("x".repeat(64)),
            bytes("\u202e".repeat(2000)),
            bytes("k".repeat(70_000)),
            bytes("y".repeat(300_000)));

    private static final List<String> KEYS = List.of(
            "context_length",
            "block_count",
            "embedding_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.value_length",
            "attention.sliding_window",
            "attention.sliding_window_pattern",
            "nextn_predict_layers");

    private enum Kind {
        MAGIC,
        NUMBER,
        TEXT
    }

    /**
     * A field of a header.
     *
     * @param first whether an entry (a value, a tensor) begins here
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Field(Kind kind, byte[] bytes, boolean first) {
        Field with(byte[] other) {
            return new Field(kind, other, first);
        }
    }

    private record Base(String architecture, List<Field> fields, long dataBytes) {}

    /** Gets each mutant. */
    public interface Visitor {
        void visit(int number, Path file) throws IOException;
    }

    private final Random random;
    private final List<Base> bases = new ArrayList<>();

    private GgufMutants(long seed) {
        random = new Random(seed);
        for (String id : BASES) {
            SyntheticModel model = SyntheticModel.parse(id);
            bases.add(base(model.header(Path.of(id)), Map.of()));
        }
        SyntheticModel model = SyntheticModel.parse(BASES.get(0));
        List<Object> tokens = new ArrayList<>(Collections.nCopies(2000, "token"));
        bases.add(base(
                model.header(Path.of("vocabulary")),
                Map.of(
                        "tokenizer.ggml.tokens",
                        new GgufValue(GgufValue.Type.ARRAY, GgufValue.Array.of(GgufValue.Type.STRING, tokens)))));
    }

    /** Writes {@code count} mutants, one after the other, to {@code mutant.gguf}, and calls the visitor after each. */
    public static void forEach(long seed, int count, Path folder, Visitor visitor) throws IOException {
        GgufMutants mutants = new GgufMutants(seed);
        Path file = folder.resolve("mutant.gguf");
        for (int i = 0; i < count; i++) {
            mutants.write(file);
            visitor.visit(i, file);
        }
    }

    private void write(Path file) throws IOException {
        Base base = bases.get(random.nextInt(bases.size()));
        List<Field> fields = new ArrayList<>(base.fields());
        boolean repad = random.nextInt(4) > 0;
        for (int n = random.nextInt(2); n >= 0; n--) {
            mutate(fields, base);
        }
        byte[] header = join(fields, repad);
        long size = header.length + base.dataBytes();
        switch (random.nextInt(16)) {
            case 0 -> size = random.nextInt(header.length + 1); // inside the header
            case 1 -> size = header.length + (long) (random.nextDouble() * base.dataBytes()); // inside the data
            case 2 -> size = random.nextInt(40);
            case 3 -> size = 1L << (35 + random.nextInt(8)); // a sparse file of up to 4 TiB
            case 4 -> flip(header);
            default -> {
                // complete
            }
        }
        Files.write(file, header);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
    }

    private void mutate(List<Field> fields, Base base) {
        int at = random.nextInt(fields.size());
        Field field = fields.get(at);
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> fields.set(at, hostile(field));
            case 3 -> fields.set(at, flipped(field));
            case 4 -> repeat(fields, at);
            case 5 -> fields.remove(at);
            case 6 -> fields.set(at, fields.get(random.nextInt(fields.size())));
            case 7, 8, 9, 10, 11, 12 ->
                insert(
                        fields,
                        bytes(base.architecture() + "." + KEYS.get(random.nextInt(KEYS.size()))),
                        random.nextInt(4) == 0 ? GgufValue.Type.INT64 : GgufValue.Type.UINT64,
                        number());
            default -> special(fields);
        }
    }

    /** Mutations that random changes of single fields would rarely produce. */
    private void special(List<Field> fields) {
        switch (random.nextInt(5)) {
            case 0 -> insert(fields, bytes("general.alignment"), GgufValue.Type.UINT32, number());
            case 1 -> { // arrays in arrays in arrays
                ByteBuffer nested = ByteBuffer.allocate(12 * 200).order(ByteOrder.LITTLE_ENDIAN);
                while (nested.hasRemaining()) {
                    nested.putInt(GgufValue.Type.ARRAY.id()).putLong(1);
                }
                insert(fields, bytes("cyclic"), GgufValue.Type.ARRAY, nested.array());
            }
            case 2 ->
                insert(
                        fields,
                        bytes("long"),
                        GgufValue.Type.ARRAY,
                        buffer(12)
                                .putInt(random.nextInt(13))
                                .putLong(random.nextLong() >>> random.nextInt(64))
                                .array());
            case 3 ->
                insert(
                        fields,
                        TEXTS.get(random.nextInt(TEXTS.size())),
                        GgufValue.Type.STRING,
                        buffer(16).putLong(number(8)).array());
            default ->
                insert(fields, bytes("split.count"), GgufValue.Type.UINT16, new byte[] {(byte) random.nextInt(4), 0});
        }
    }

    private void insert(List<Field> fields, byte[] key, GgufValue.Type type, byte[] value) {
        byte[] width = type.bytes() == 0 ? value : Arrays.copyOf(value, type.bytes());
        // In most cases it replaces the entry with the same key, as a duplicate is refused early.
        byte[] text = text(key);
        int at = 4;
        boolean replace = random.nextInt(4) > 0;
        for (int i = 4; replace && i < fields.size(); i++) {
            if (Arrays.equals(fields.get(i).bytes(), text)) {
                fields.remove(i);
                while (i < fields.size() && !fields.get(i).first()) {
                    fields.remove(i);
                }
                at = i;
                setCount(fields, 3, -1);
            }
        }
        fields.addAll(
                at,
                List.of(
                        new Field(Kind.TEXT, text, true),
                        new Field(Kind.NUMBER, little(type.id(), 4), false),
                        new Field(Kind.NUMBER, width, false)));
        setCount(fields, 3, 1);
    }

    /** Repeats an entry. In half of all cases it corrects a count. */
    private void repeat(List<Field> fields, int inside) {
        int first = inside;
        while (first > 4 && !fields.get(first).first()) {
            first--;
        }
        int end = first + 1;
        while (end < fields.size() && !fields.get(end).first()) {
            end++;
        }
        fields.addAll(end, List.copyOf(fields.subList(first, end)));
        if (random.nextBoolean()) {
            setCount(fields, random.nextBoolean() ? 2 : 3, 1);
        }
    }

    private static void setCount(List<Field> fields, int at, int more) {
        if (fields.size() > at && fields.get(at).bytes().length == 8) {
            long count = ByteBuffer.wrap(fields.get(at).bytes())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            fields.set(at, fields.get(at).with(little(count + more, 8)));
        }
    }

    private Field hostile(Field field) {
        return switch (field.kind()) {
            case NUMBER -> field.with(Arrays.copyOf(number(), field.bytes().length));
            case TEXT ->
                random.nextInt(4) == 0
                        ? field.with(wrongLength(field.bytes()))
                        : field.with(text(TEXTS.get(random.nextInt(TEXTS.size()))));
            case MAGIC -> field.with(new byte[] {'G', 'G', 'U', (byte) random.nextInt()});
        };
    }

    private byte[] wrongLength(byte[] text) {
        byte[] wrong = text.clone();
        System.arraycopy(number(), 0, wrong, 0, 8);
        return wrong;
    }

    private byte[] number() {
        return little(number(random.nextInt(65)), 8);
    }

    private long number(int bits) {
        return random.nextBoolean()
                ? NUMBERS.get(random.nextInt(NUMBERS.size()))
                : bits == 0 ? 0 : random.nextLong() >>> (64 - bits);
    }

    private Field flipped(Field field) {
        byte[] bytes = field.bytes().clone();
        flip(bytes);
        return field.with(bytes);
    }

    private void flip(byte[] bytes) {
        for (int n = bytes.length == 0 ? 0 : 1 + random.nextInt(4); n > 0; n--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private static byte[] join(List<Field> fields, boolean pad) {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        fields.forEach(field -> header.writeBytes(field.bytes()));
        if (pad) {
            header.writeBytes(new byte[-header.size() & 31]);
        }
        return header.toByteArray();
    }

    private static Base base(Gguf gguf, Map<String, GgufValue> more) {
        Map<String, GgufValue> metadata = new LinkedHashMap<>(gguf.metadata());
        metadata.putAll(more);
        List<Field> fields = new ArrayList<>();
        fields.add(new Field(Kind.MAGIC, bytes("GGUF"), true));
        fields.add(new Field(Kind.NUMBER, little(3, 4), true));
        fields.add(new Field(Kind.NUMBER, little(gguf.tensors().size(), 8), true));
        fields.add(new Field(Kind.NUMBER, little(metadata.size(), 8), true));
        metadata.forEach((key, value) -> {
            fields.add(new Field(Kind.TEXT, text(bytes(key)), true));
            fields.add(new Field(Kind.NUMBER, little(value.type().id(), 4), false));
            value(fields, value.type(), value.value());
        });
        for (GgufTensor tensor : gguf.tensors()) {
            fields.add(new Field(Kind.TEXT, text(bytes(tensor.name())), true));
            fields.add(new Field(Kind.NUMBER, little(tensor.dims().size(), 4), false));
            tensor.dims().forEach(dim -> fields.add(new Field(Kind.NUMBER, little(dim, 8), false)));
            fields.add(new Field(Kind.NUMBER, little(tensor.type().id(), 4), false));
            fields.add(new Field(Kind.NUMBER, little(tensor.offset(), 8), false));
        }
        return new Base(gguf.architecture(), List.copyOf(fields), gguf.fileBytes() - gguf.dataOffset());
    }

    private static void value(List<Field> fields, GgufValue.Type type, Object value) {
        if (value instanceof GgufValue.Array array) {
            fields.add(new Field(Kind.NUMBER, little(array.type().id(), 4), false));
            fields.add(new Field(Kind.NUMBER, little(array.size(), 8), false));
            array.values().forEach(element -> value(fields, array.type(), element));
        } else if (value instanceof String text) {
            fields.add(new Field(Kind.TEXT, text(bytes(text)), false));
        } else {
            long bits = value instanceof Double number
                    ? Float.floatToIntBits(number.floatValue())
                    : value instanceof Boolean yes ? (yes ? 1 : 0) : (Long) value;
            fields.add(new Field(Kind.NUMBER, little(bits, type.bytes()), false));
        }
    }

    private static byte[] text(byte[] utf8) {
        return buffer(8 + utf8.length).putLong(utf8.length).put(utf8).array();
    }

    private static byte[] little(long number, int bytes) {
        return Arrays.copyOf(buffer(8).putLong(number).array(), bytes);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
