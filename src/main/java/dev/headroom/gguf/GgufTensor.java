package dev.headroom.gguf;

import java.util.List;

/**
 * A tensor as the header describes it.
 *
 * @param name at most 63 bytes of UTF-8
 * @param dims numbers in each dimension, the row length first
 * @param offset of its first byte in the data section, not in the file
 */
public record GgufTensor(String name, GgufType type, List<Long> dims, long offset) {
    public GgufTensor {
        dims = List.copyOf(dims);
    }

    /** Numbers in the tensor. Throws {@link ArithmeticException} where a long cannot hold it. */
    public long elements() {
        long elements = 1;
        for (long dim : dims) {
            elements = Math.multiplyExact(elements, dim);
        }
        return elements;
    }

    /** Bytes in the file, without the padding that follows. Throws {@link ArithmeticException} on overflow. */
    public long bytes() {
        return Math.multiplyExact(elements() / type.blockSize(), (long) type.blockBytes());
    }

    GgufTensor at(long newOffset) {
        return new GgufTensor(name, type, dims, newOffset);
    }
}
