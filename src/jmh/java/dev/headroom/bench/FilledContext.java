package dev.headroom.bench;

import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.Phase;

/**
 * A context that was filled once with {@code contextLength} tokens and has room for some more. llama-bench calls
 * {@code contextLength} the depth.
 */
final class FilledContext implements AutoCloseable {
    final LlamaContext context;
    final RandomTokens tokens;
    private final int capacity;

    FilledContext(LoadedModel loaded, ContextChoice choice, int room) {
        context = LlamaContext.create(loaded.model, choice.settings(room));
        Phase.CONTEXT.reached();
        tokens = new RandomTokens(loaded.model);
        capacity = choice.contextLength + room;
        context.decode(tokens.prompt(choice.contextLength));
        context.synchronize();
        Phase.DECODE.reached();
        context.saveState();
    }

    /** Goes back to {@code contextLength} tokens if there is no room for {@code count} more. */
    void makeRoomFor(int count) {
        if (context.position() + count > capacity) {
            context.restoreState();
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
