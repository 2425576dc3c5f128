package dev.headroom.llama;

import java.util.Locale;

/** Whether to use flash attention, with its number in {@code enum llama_flash_attn_type}. */
public enum FlashAttention {
    /** On where the device can; what it became stands in {@link LlamaFacts#flashAttention()}. */
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
