package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model with the shape of a public model and random weights. It has that model's speed and memory. The same id always
 * gives the same bytes.
 *
 * <p>It has no tokenizer ({@code no_vocab}). llama.cpp takes the number of tokens from {@code vocab_size}, so logits,
 * buffers and decoding time are those of the real model. Only the vocabulary's text is missing: tens of MiB of host
 * memory, and tens of milliseconds of loading time.
 *
 * @param layers number of layers, at most the shape's; fewer make a smaller model for tests
 */
public record SyntheticModel(Shape shape, int layers, Quantization quantization) {
    private static final String PREFIX = "synthetic-";
    private static final Pattern ID = Pattern.compile(PREFIX + "(.+?)(?:-l(\\d{1,9}))?-([^-]+)");

    /** Incremented whenever the bytes of a model with the same id change. */
    private static final int GENERATION = 2;

    /** {@code GGML_QNT_VERSION} */
    private static final int QUANTIZATION_VERSION = 2;

    public SyntheticModel {
        if (layers < 1 || layers > shape.layers()) {
            throw new BadInput("No model of the shape %s with %s layers: give 1 to %s layers."
                    .formatted(shape.id(), layers, shape.layers()));
        }
        if (quantization == Quantization.MXFP4 && shape.experts() == null) {
            throw new BadInput("The quantization mxfp4 is only for mixtures of experts, which %s is not: use q4_0."
                    .formatted(shape.id()));
        }
    }

    /** Whether an id is that of a synthetic model, not of a file. */
    public static boolean isSynthetic(String id) {
        return id.toLowerCase(Locale.ROOT).startsWith(PREFIX);
    }

    /**
     * Parses {@code synthetic-<shape>[-l<layers>]-<quantization>}, in upper or lower case.
     *
     * @throws BadInput if a part of the id is unknown; the message has the closest known names
     */
    public static SyntheticModel parse(String id) {
        Matcher matcher = ID.matcher(id.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadInput("No synthetic model named " + id + ": give synthetic-<shape>-<quantization>, for example"
                    + " synthetic-smollm2-135m-q4_0.");
        }
        Shape shape = Shapes.named(matcher.group(1));
        int layers = matcher.group(2) == null ? shape.layers() : Integer.parseInt(matcher.group(2));
        return new SyntheticModel(shape, layers, Quantization.named(matcher.group(3)));
    }

    /** The canonical id. It has no number of layers if the model has all layers of its shape. */
    public String id() {
        String cut = layers == shape.layers() ? "" : "-l" + layers;
        return PREFIX + shape.id() + cut + "-" + quantization.id();
    }

    /** The exact size of the file in bytes. */
    public long bytes() {
        return writer().bytes();
    }

    /** The models of the same shape and number of layers with smaller weights, the largest first. */
    public List<SyntheticModel> smaller() {
        long own = bytes();
        return Arrays.stream(Quantization.values())
                .filter(other -> other != Quantization.MXFP4 || shape.experts() != null)
                .map(other -> new SyntheticModel(shape, layers, other))
                .filter(other -> other.bytes() < own)
                .sorted(Comparator.comparingLong(SyntheticModel::bytes).reversed())
                .toList();
    }

    /** The tensors in the file's order. */
    public List<GgufTensor> tensors() {
        return writer().tensors();
    }

    /** The header of the model's file, which may not exist yet. */
    public Gguf header(Path file) {
        GgufWriter writer = writer();
        return new Gguf(file, writer.bytes(), GgufWriter.VERSION, writer.dataOffset(), metadata(), writer.tensors());
    }

    /** Writes the model to a file and forces it to the disk. */
    public void write(Path file, Progress progress) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            GgufWriter writer = writer();
            writer.write(out, new RandomWeights(shape, id()).prepare(writer.tensors()), progress);
            out.force(true);
        }
    }

    /** Whether a header is that of this model in this version of Headroom. */
    boolean isIn(Gguf gguf) {
        return gguf.metadata().equals(metadata()) && gguf.tensors().equals(tensors());
    }

    private GgufWriter writer() {
        return new GgufWriter(
                metadata(),
                shape.tensors(layers).stream()
                        .map(tensor -> new GgufTensor(
                                tensor.name(), quantization.typeOf(tensor, shape, layers), tensor.dims(), 0))
                        .toList());
    }

    private Map<String, GgufValue> metadata() {
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", GgufValue.of(shape.architecture()));
        metadata.put("general.type", GgufValue.of("model"));
        metadata.put("general.name", GgufValue.of(id()));
        metadata.put("general.description", GgufValue.of("Random weights in the shape of " + shape.name()));
        metadata.put("general.file_type", GgufValue.uint32(quantization.fileType()));
        metadata.put("general.quantization_version", GgufValue.uint32(QUANTIZATION_VERSION));
        metadata.put("headroom.generation", GgufValue.uint32(GENERATION));
        metadata.putAll(shape.hyperparameters(layers));
        metadata.put("tokenizer.ggml.model", GgufValue.of("no_vocab"));
        return metadata;
    }
}
