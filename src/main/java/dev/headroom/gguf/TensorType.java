package dev.headroom.gguf;

import java.util.Arrays;
import java.util.Optional;

/**
 * The format of a tensor's weights. A row consists of blocks: {@link #blockSize} weights in {@link #blockBytes} bytes.
 * Ids are those of {@code enum ggml_type} in ggml.h. Block sizes come from the {@code block_*} structs of
 * ggml-common.h; its {@code static_assert}s have the same sums.
 */
public enum TensorType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 2 + 16),
    Q4_1(3, 32, 2 + 2 + 16),
    Q5_0(6, 32, 2 + 4 + 16),
    Q5_1(7, 32, 2 + 2 + 4 + 16),
    Q8_0(8, 32, 2 + 32),
    Q8_1(9, 32, 2 + 2 + 32),
    Q2_K(10, 256, 2 + 2 + 16 + 64),
    Q3_K(11, 256, 2 + 64 + 32 + 12),
    Q4_K(12, 256, 2 + 2 + 12 + 128),
    Q5_K(13, 256, 2 + 2 + 12 + 128 + 32),
    Q6_K(14, 256, 2 + 16 + 192),
    Q8_K(15, 256, 4 + 256 + 32),
    IQ2_XXS(16, 256, 2 + 64),
    IQ2_XS(17, 256, 2 + 64 + 8),
    IQ3_XXS(18, 256, 2 + 96),
    IQ1_S(19, 256, 2 + 32 + 16),
    IQ4_NL(20, 32, 2 + 16),
    IQ3_S(21, 256, 2 + 104 + 4),
    IQ2_S(22, 256, 2 + 64 + 16),
    IQ4_XS(23, 256, 2 + 2 + 4 + 128),
    I8(24, 1, 1),
    I16(25, 1, 2),
    I32(26, 1, 4),
    I64(27, 1, 8),
    F64(28, 1, 8),
    IQ1_M(29, 256, 32 + 16 + 8),
    BF16(30, 1, 2),
    TQ1_0(34, 256, 2 + 4 + 48),
    TQ2_0(35, 256, 2 + 64),
    MXFP4(39, 32, 1 + 16),
    NVFP4(40, 64, 4 + 32),
    Q1_0(41, 128, 2 + 16),
    Q2_0(42, 64, 2 + 16);

    private final int id;
    private final int blockSize;
    private final int blockBytes;

    TensorType(int id, int blockSize, int blockBytes) {
        this.id = id;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
    }

    /** The type's number in GGUF files. */
    public int id() {
        return id;
    }

    /** The number of weights in a block. A row has a whole number of blocks. */
    public int blockSize() {
        return blockSize;
    }

    /** The size of a block in bytes. */
    public int blockBytes() {
        return blockBytes;
    }

    /** The type with this name in ggml, such as {@code q8_0}, in upper or lower case. */
    public static Optional<TensorType> named(String name) {
        return Arrays.stream(values())
                .filter(type -> type.name().equalsIgnoreCase(name))
                .findFirst();
    }

    /** The type with this id; empty if ggml no longer uses the id or Headroom does not know it yet. */
    static Optional<TensorType> byId(int id) {
        return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
    }
}
