package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.util.Arrays;
import java.util.Locale;

/**
 * Mixes of tensor types, as llama.cpp's quantizer chooses them for a file type without an importance matrix (its
 * {@code llama-quant.cpp}, v0.4.0): a mix names one type, some tensors get a better one.
 */
public enum Quantization {
    F16(1, GgufType.F16),
    Q8_0(7, GgufType.Q8_0),
    Q4_0(2, GgufType.Q4_0),
    Q4_1(3, GgufType.Q4_1),
    Q4_K_M(15, GgufType.Q4_K),
    Q6_K(18, GgufType.Q6_K),
    /** Experts in MXFP4, all else in Q8_0; for mixtures of experts only. */
    MXFP4(38, GgufType.MXFP4);

    private final int fileType;
    private final GgufType type;

    Quantization(int fileType, GgufType type) {
        this.fileType = fileType;
        this.type = type;
    }

    /** The name in ids of synthetic models, for example {@code q4_k_m}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The number for {@code general.file_type}: {@code enum llama_ftype}. */
    int fileType() {
        return fileType;
    }

    /**
     * The quantization with this id, upper or lower case.
     *
     * @throws BadInput naming all of them
     */
    public static Quantization named(String id) {
        return Arrays.stream(values())
                .filter(quantization -> quantization.id().equals(id.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new BadInput("There is no quantization '%s'; known are %s."
                        .formatted(
                                id,
                                String.join(
                                        ", ",
                                        Arrays.stream(values())
                                                .map(Quantization::id)
                                                .toList()))));
    }

    /** The type of one tensor of a model with this shape, cut down to so many layers. */
    GgufType typeOf(Shape.Slot slot, Shape shape, int layers) {
        if (slot.dims().size() < 2
                || !slot.name().endsWith(".weight")
                || slot.name().endsWith(".ffn_gate_inp.weight")) {
            return GgufType.F32;
        }
        Shape.Experts experts = shape.experts();
        if (slot.isExpert() && experts != null && experts.type() != null) {
            return experts.type();
        }
        return type == GgufType.F16
                ? type
                : fitting(better(slot, shape, layers), slot.dims().get(0));
    }

    private GgufType better(Shape.Slot slot, Shape shape, int layers) {
        boolean output = slot.name().equals("output.weight")
                || (shape.tiedEmbeddings() && slot.name().equals("token_embd.weight"));
        if (output) {
            boolean plain = this == MXFP4 || slot.dims().get(0) % type.blockSize() != 0;
            return plain || type == GgufType.Q8_0 ? GgufType.Q8_0 : GgufType.Q6_K;
        }
        if (this == MXFP4) {
            return slot.isExpert() ? GgufType.MXFP4 : GgufType.Q8_0;
        }
        boolean sensitive =
                slot.name().endsWith(".attn_v.weight") || slot.name().contains(".ffn_down");
        return this == Q4_K_M && sensitive && moreBits(slot.layer(), layers) ? GgufType.Q6_K : type;
    }

    /** The first eighth of the layers, the last eighth, and every third between. */
    private static boolean moreBits(int layer, int layers) {
        return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
    }

    /** The type itself, or its replacement for rows that are no whole number of its blocks. */
    private static GgufType fitting(GgufType wanted, long row) {
        GgufType fallback = wanted;
        if (row % wanted.blockSize() != 0) {
            fallback = switch (wanted) {
                case Q4_K -> GgufType.Q5_0;
                case Q6_K -> GgufType.Q8_0;
                default -> GgufType.F16;
            };
        }
        return row % fallback.blockSize() == 0 ? fallback : GgufType.F16;
    }
}
