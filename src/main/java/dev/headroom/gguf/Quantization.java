package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Quantizations of a whole model. Most tensors have one type, and some have a better one. The rules are those of
 * llama.cpp's quantizer without an importance matrix ({@code llama-quant.cpp}, v0.4.0).
 */
public enum Quantization {
    F16(1, TensorType.F16),
    Q8_0(7, TensorType.Q8_0),
    Q4_0(2, TensorType.Q4_0),
    Q4_1(3, TensorType.Q4_1),
    Q4_K_M(15, TensorType.Q4_K),
    Q6_K(18, TensorType.Q6_K),
    /** Experts in MXFP4, other tensors in Q8_0. Only for mixtures of experts. */
    MXFP4(38, TensorType.MXFP4);

    private final int fileType;
    private final TensorType type;

    Quantization(int fileType, TensorType type) {
        this.fileType = fileType;
        this.type = type;
    }

    /** The name in ids of synthetic models, for example {@code q4_k_m}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The value of {@code general.file_type}, from {@code enum llama_ftype}. */
    int fileType() {
        return fileType;
    }

    /**
     * Finds a quantization by its id, in upper or lower case.
     *
     * @throws BadInput if there is none; the message lists all ids
     */
    public static Quantization named(String id) {
        return Arrays.stream(values())
                .filter(quantization -> quantization.id().equals(id.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new BadInput("No quantization named " + id + ": choose one of "
                        + Arrays.stream(values()).map(Quantization::id).collect(Collectors.joining(", "))
                        + "."));
    }

    /** The type of one tensor in a model with this shape and number of layers. */
    TensorType typeOf(Shape.TensorShape tensor, Shape shape, int layers) {
        if (tensor.dims().size() < 2
                || !tensor.name().endsWith(".weight")
                || tensor.name().endsWith(".ffn_gate_inp.weight")) {
            return TensorType.F32;
        }
        Shape.Experts experts = shape.experts();
        if (tensor.isExpert() && experts != null && experts.type() != null) {
            return experts.type();
        }
        return type == TensorType.F16
                ? type
                : fitting(better(tensor, shape, layers), tensor.dims().get(0));
    }

    private TensorType better(Shape.TensorShape tensor, Shape shape, int layers) {
        boolean output = tensor.name().equals("output.weight")
                || (shape.tiedEmbeddings() && tensor.name().equals("token_embd.weight"));
        if (output) {
            boolean plain = this == MXFP4 || tensor.dims().get(0) % type.blockSize() != 0;
            return plain || type == TensorType.Q8_0 ? TensorType.Q8_0 : TensorType.Q6_K;
        }
        if (this == MXFP4) {
            return tensor.isExpert() ? TensorType.MXFP4 : TensorType.Q8_0;
        }
        boolean sensitive =
                tensor.name().endsWith(".attn_v.weight") || tensor.name().contains(".ffn_down");
        return this == Q4_K_M && sensitive && moreBits(tensor.layer(), layers) ? TensorType.Q6_K : type;
    }

    /** Whether this layer is in the first eighth, in the last eighth, or every third layer between them. */
    private static boolean moreBits(int layer, int layers) {
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }

    /** The type, or its fallback if the row is not a whole number of its blocks. */
    private static TensorType fitting(TensorType wanted, long row) {
        TensorType fallback = wanted;
        if (row % wanted.blockSize() != 0) {
            fallback = switch (wanted) {
                case Q4_K -> TensorType.Q5_0;
                case Q6_K -> TensorType.Q8_0;
                default -> TensorType.F16;
            };
        }
        return row % fallback.blockSize() == 0 ? fallback : TensorType.F16;
    }
}
