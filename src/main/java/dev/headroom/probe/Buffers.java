package dev.headroom.probe;

import dev.headroom.llama.LlamaFacts;
import dev.headroom.result.Observed.BufferSize;
import java.util.List;
import java.util.Locale;

/** Converts the buffers in llama.cpp's log into results. */
public final class Buffers {
    private Buffers() {}

    public static List<BufferSize> sizes(List<LlamaFacts.Buffer> buffers) {
        return buffers.stream()
                .map(buffer -> new BufferSize(
                        buffer.kind().toString().toLowerCase(Locale.ROOT), buffer.device(), buffer.mebibytes()))
                .toList();
    }
}
