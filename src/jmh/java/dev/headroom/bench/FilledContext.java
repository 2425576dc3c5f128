package dev.headroom.bench;

import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.Phase;

/**
 * A context with {@code contextLength} tokens in its KV cache, prefilled once, and room for some more: what llama-bench
 * calls a depth.
 */
final class FilledContext implements AutoCloseable {
    final LlamaContext context;
    final RandomTokens tokens;
    private final int full;

    FilledContext(LoadedModel loaded, ContextChoice choice, int room) {
        context = LlamaContext.create(loaded.model, choice.settings(room));
        Phase.CONTEXT.reached();
        tokens = new RandomTokens(loaded.model);
        full = choice.contextLength + room;
        context.decode(tokens.prompt(choice.contextLength));
        context.synchronize();
        Phase.DECODE.reached();
        context.saveState();
    }

    /** Back to {@code contextLength} tokens, unless {@code count} more fit. */
    void makeRoomFor(int count) {
        if (context.position() + count > full) {
            context.restoreState();
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
