package dev.headroom.gguf;

import java.util.List;

/**
 * The description of a tensor in a GGUF header.
 *
 * @param name at most 63 bytes of UTF-8
 * @param dims size of each dimension, the row length first
 * @param offset position of its first byte, counted from the start of the data section
 */
public record GgufTensor(String name, TensorType type, List<Long> dims, long offset) {
    public GgufTensor {
        dims = List.copyOf(dims);
    }

    /**
     * The number of weights in the tensor.
     *
     * @throws ArithmeticException if it is too large for a long
     */
    public long elements() {
        long elements = 1;
        for (long dim : dims) {
            elements = Math.multiplyExact(elements, dim);
        }
        return elements;
    }

    /**
     * The size in the file in bytes, without the padding behind it.
     *
     * @throws ArithmeticException if it is too large for a long
     */
    public long bytes() {
        return Math.multiplyExact(elements() / type.blockSize(), (long) type.blockBytes());
    }

    GgufTensor at(long newOffset) {
        return new GgufTensor(name, type, dims, newOffset);
    }
}
