package dev.headroom.gguf;

import dev.headroom.OneLine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The header of a GGUF model file: everything but the tensors' data.
 *
 * @param fileBytes size of the file
 * @param version of the format, 2 or 3
 * @param dataOffset where the data section begins in the file
 * @param metadata in the file's order
 * @param tensors in the file's order
 */
public record Gguf(
        Path path,
        long fileBytes,
        int version,
        long dataOffset,
        Map<String, GgufValue> metadata,
        List<GgufTensor> tensors) {
    public Gguf {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        tensors = List.copyOf(tensors);
    }

    /**
     * Reads the header of a file and checks that all tensors lie inside it. Tensor data is never read; a header may
     * take 128 MiB of the file and is streamed.
     *
     * @throws GgufException for anything that is not a whole little-endian GGUF model in one file
     */
    public static Gguf read(Path file) {
        return GgufReader.read(file);
    }

    /**
     * Writes this header to a new file of the model's size, without weights: a hole that takes no room where the file
     * system knows holes.
     *
     * @throws IllegalArgumentException if it came from a file with arrays that were too long to keep
     */
    public void writeWithoutWeights(Path file) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE)) {
            new GgufWriter(metadata, tensors).writeHeader(out);
        }
    }

    /** {@code general.architecture}, for example {@code llama}. */
    public String architecture() {
        return text("general.architecture").orElseThrow();
    }

    /** {@code general.name}, as its author wrote it. */
    public Optional<String> name() {
        return text("general.name");
    }

    /** Tokens of context the model was trained for; empty where the file says none or nonsense. */
    public OptionalLong trainedContextLength() {
        return positive(architecture() + ".context_length");
    }

    /** Transformer blocks; empty where the file says none or nonsense. */
    public OptionalLong layers() {
        return positive(architecture() + ".block_count");
    }

    /** Numbers in all tensors. */
    public long parameterCount() {
        return tensors.stream().mapToLong(GgufTensor::elements).sum();
    }

    /** Bytes of all tensors, without padding. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(GgufTensor::bytes).sum();
    }

    /**
     * The mix of types its author chose, for example {@code Q4_K_M}: {@code general.file_type}, named as llama.h does.
     */
    public Optional<String> fileTypeName() {
        OptionalLong type = integer("general.file_type");
        return type.isPresent() ? Optional.ofNullable(FILE_TYPES.get(type.getAsLong())) : Optional.empty();
    }

    /** Whether text can be tokenized; without, only token numbers can be used, which is enough to measure. */
    public boolean hasTokenizer() {
        return text("tokenizer.ggml.model")
                .filter(model -> !Set.of("no_vocab", "none").contains(model))
                .isPresent();
    }

    /** The string under this key; control characters are replaced, for it may end on a terminal. */
    public Optional<String> text(String key) {
        GgufValue value = metadata.get(key);
        return value != null && value.value() instanceof String text
                ? Optional.of(OneLine.of(text, " "))
                : Optional.empty();
    }

    /** The integer of any width under this key, empty where it is absent, of another type or beyond a long. */
    public OptionalLong integer(String key) {
        GgufValue value = metadata.get(key);
        return value != null && value.type().isInteger() && value.value() instanceof Long number && fits(value, number)
                ? OptionalLong.of(number)
                : OptionalLong.empty();
    }

    private OptionalLong positive(String key) {
        return integer(key).stream().filter(number -> number > 0).findFirst();
    }

    private static boolean fits(GgufValue value, long number) {
        return value.type() != GgufValue.Type.UINT64 || number >= 0;
    }

    /** {@code enum llama_ftype} in llama.h. */
    private static final Map<Long, String> FILE_TYPES = Map.ofEntries(
            Map.entry(0L, "F32"),
            Map.entry(1L, "F16"),
            Map.entry(2L, "Q4_0"),
            Map.entry(3L, "Q4_1"),
            Map.entry(7L, "Q8_0"),
            Map.entry(8L, "Q5_0"),
            Map.entry(9L, "Q5_1"),
            Map.entry(10L, "Q2_K"),
            Map.entry(11L, "Q3_K_S"),
            Map.entry(12L, "Q3_K_M"),
            Map.entry(13L, "Q3_K_L"),
            Map.entry(14L, "Q4_K_S"),
            Map.entry(15L, "Q4_K_M"),
            Map.entry(16L, "Q5_K_S"),
            Map.entry(17L, "Q5_K_M"),
            Map.entry(18L, "Q6_K"),
            Map.entry(19L, "IQ2_XXS"),
            Map.entry(20L, "IQ2_XS"),
            Map.entry(21L, "Q2_K_S"),
            Map.entry(22L, "IQ3_XS"),
            Map.entry(23L, "IQ3_XXS"),
            Map.entry(24L, "IQ1_S"),
            Map.entry(25L, "IQ4_NL"),
            Map.entry(26L, "IQ3_S"),
            Map.entry(27L, "IQ3_M"),
            Map.entry(28L, "IQ2_S"),
            Map.entry(29L, "IQ2_M"),
            Map.entry(30L, "IQ4_XS"),
            Map.entry(31L, "IQ1_M"),
            Map.entry(32L, "BF16"),
            Map.entry(36L, "TQ1_0"),
            Map.entry(37L, "TQ2_0"),
            Map.entry(38L, "MXFP4_MOE"),
            Map.entry(39L, "NVFP4"),
            Map.entry(40L, "Q1_0"),
            Map.entry(41L, "Q2_0"));
}
