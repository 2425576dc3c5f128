package dev.headroom.llama;

import java.util.Locale;

/** The setting for flash attention, with its number in {@code enum llama_flash_attn_type}. */
public enum FlashAttention {
    /** On if the device supports it. {@link LlamaFacts#flashAttention()} has the result. */
    AUTO(-1),
    ON(1),
    OFF(0);

    private final int flashAttnType;

    FlashAttention(int flashAttnType) {
        this.flashAttnType = flashAttnType;
    }

    int flashAttnType() {
        return flashAttnType;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
