package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model of a public shape with random weights, and so with that model's speed and memory. The same id always gives
 * the same bytes.
 *
 * <p>It has no tokenizer ({@code no_vocab}): llama.cpp then takes the number of tokens from {@code vocab_size}, and
 * everything that depends on it — logits, buffers, time to decode — is as in the real model. What is missing is the
 * vocabulary's text in host memory and the time to read it, some tens of MiB and of milliseconds to load.
 *
 * @param layers at most the shape's; fewer make a smaller model for tests
 */
public record SyntheticModel(Shape shape, int layers, Quantization quantization) {
    private static final String PREFIX = "synthetic-";
    private static final Pattern ID = Pattern.compile(PREFIX + "(.+?)(?:-l(\\d{1,9}))?-([^-]+)");

    /** Raised whenever the bytes of a model with the same id change. */
    private static final int GENERATION = 2;

    /** GGML_QNT_VERSION. */
    private static final int QUANTIZATION_VERSION = 2;

    public SyntheticModel {
        if (layers < 1 || layers > shape.layers()) {
            throw new BadInput("The shape '%s' has %s layers, so a model of it cannot have %s."
                    .formatted(shape.id(), shape.layers(), layers));
        }
        if (quantization == Quantization.MXFP4 && shape.experts() == null) {
            throw new BadInput("The quantization 'mxfp4' is for mixtures of experts, and '%s' is none; take 'q4_0'."
                    .formatted(shape.id()));
        }
    }

    /** Whether an id means a synthetic model and not a file. */
    public static boolean isSynthetic(String id) {
        return id.toLowerCase(Locale.ROOT).startsWith(PREFIX);
    }

    /**
     * The model that {@code synthetic-<shape>[-l<layers>]-<quantization>} names, upper or lower case.
     *
     * @throws BadInput saying what in the id is unknown and what is near
     */
    public static SyntheticModel parse(String id) {
        Matcher matcher = ID.matcher(id.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadInput(
                    "'%s' is no synthetic model; the form is synthetic-<shape>-<quantization>, for example synthetic-smollm2-135m-q4_0."
                            .formatted(id));
        }
        Shape shape = Shapes.named(matcher.group(1));
        int layers = matcher.group(2) == null ? shape.layers() : Integer.parseInt(matcher.group(2));
        return new SyntheticModel(shape, layers, Quantization.named(matcher.group(3)));
    }

    /** The canonical id; layers are left out where they are all there. */
    public String id() {
        String cut = layers == shape.layers() ? "" : "-l" + layers;
        return PREFIX + shape.id() + cut + "-" + quantization.id();
    }

    /** Exact size of the file. */
    public long bytes() {
        return writer().bytes();
    }

    /** The tensors, in the file's order. */
    public List<GgufTensor> tensors() {
        return writer().tensors();
    }

    /** The header that the model's file has, or will have once it is made. */
    public Gguf header(Path file) {
        GgufWriter writer = writer();
        return new Gguf(file, writer.bytes(), GgufWriter.VERSION, writer.dataOffset(), metadata(), writer.tensors());
    }

    /** Writes the model to a new file and through to the disk. */
    public void write(Path file, Progress progress) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            GgufWriter writer = writer();
            writer.write(out, new RandomWeights(shape, id()).prepare(writer.tensors()), progress);
            out.force(true);
        }
    }

    /** Whether a header is that of this model, made by this version of Headroom. */
    boolean isIn(Gguf gguf) {
        return gguf.metadata().equals(metadata()) && gguf.tensors().equals(tensors());
    }

    private GgufWriter writer() {
        return new GgufWriter(
                metadata(),
                shape.slots(layers).stream()
                        .map(slot ->
                                new GgufTensor(slot.name(), quantization.typeOf(slot, shape, layers), slot.dims(), 0))
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
