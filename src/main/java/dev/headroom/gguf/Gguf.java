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
 * The header of a GGUF model file: everything except the tensors' data.
 *
 * @param fileBytes size of the file in bytes
 * @param version version of the format, 2 or 3
 * @param dataOffset start of the data section in the file, in bytes
 * @param metadata values by key, in the file's order
 * @param tensors tensors in the file's order
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
     * Reads a file's header and checks that all tensors lie inside the file. The header is streamed and may have up to
     * 128 MiB. Tensor data is never read.
     *
     * @throws GgufException if the file is not a complete, little-endian GGUF model in one part
     */
    public static Gguf read(Path file) {
        return GgufReader.read(file);
    }

    /**
     * Writes this header to a new file of the model's size, without weights. The file is sparse: the missing weights
     * use no disk space if the file system supports that.
     *
     * @throws IllegalArgumentException if the header has arrays that were too long to keep when it was read
     */
    public void writeWithoutWeights(Path file) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE)) {
            new GgufWriter(metadata, tensors).writeHeader(out);
        }
    }

    /** The architecture, for example {@code llama}: {@code general.architecture}. */
    public String architecture() {
        return text("general.architecture").orElseThrow();
    }

    /** The model's name: {@code general.name}. */
    public Optional<String> name() {
        return text("general.name");
    }

    /** The context length in tokens that the model was trained for; empty if the file has no valid number. */
    public OptionalLong trainedContextLength() {
        return positive(architecture() + ".context_length");
    }

    /** The number of transformer blocks; empty if the file has no valid number. */
    public OptionalLong layers() {
        return positive(architecture() + ".block_count");
    }

    /** The number of weights in all tensors. */
    public long parameterCount() {
        return tensors.stream().mapToLong(GgufTensor::elements).sum();
    }

    /** The size of all tensors in bytes, without padding. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(GgufTensor::bytes).sum();
    }

    /** The quantization, for example {@code Q4_K_M}: {@code general.file_type}, named as in llama.h. */
    public Optional<String> fileTypeName() {
        OptionalLong type = integer("general.file_type");
        return type.isPresent() ? Optional.ofNullable(FILE_TYPES.get(type.getAsLong())) : Optional.empty();
    }

    /** Whether the file has a tokenizer. Measuring needs none: it uses token numbers. */
    public boolean hasTokenizer() {
        return text("tokenizer.ggml.model")
                .filter(model -> !Set.of("no_vocab", "none").contains(model))
                .isPresent();
    }

    /** The string with this key. Control characters are replaced, as the text may be printed on a terminal. */
    public Optional<String> text(String key) {
        GgufValue value = metadata.get(key);
        return value != null && value.value() instanceof String text
                ? Optional.of(OneLine.of(text, " "))
                : Optional.empty();
    }

    /** The integer with this key, of any width; empty if it is absent, not an integer or too large for a long. */
    public OptionalLong integer(String key) {
        GgufValue value = metadata.get(key);
        return value != null
                        && value.value() instanceof Long number
                        && (number >= 0 || value.type() != GgufValue.Type.UINT64)
                ? OptionalLong.of(number)
                : OptionalLong.empty();
    }

    private OptionalLong positive(String key) {
        return integer(key).stream().filter(number -> number > 0).findFirst();
    }

    /** The names of {@code enum llama_ftype} in llama.h. */
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
