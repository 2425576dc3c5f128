package dev.headroom.llama;

import java.util.Locale;

/** A data type of the KV cache, with its number in {@code enum ggml_type}. */
public enum KvType {
    F32(0),
    F16(1),
    BF16(30),
    Q8_0(8),
    Q5_1(7),
    Q5_0(6),
    Q4_1(3),
    Q4_0(2),
    IQ4_NL(20);

    private final int ggmlType;

    KvType(int ggmlType) {
        this.ggmlType = ggmlType;
    }

    int ggmlType() {
        return ggmlType;
    }

    /** The name in options of llama.cpp's tools: {@code f16}, {@code q8_0}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
