package dev.headroom.llama;

import java.util.function.Consumer;

/**
 * How far a benchmark has come in what takes memory. It says so itself, outside of what it times; whoever measures
 * memory listens.
 */
public enum Phase {
    /** Nothing of llama.cpp is there yet. */
    START,
    /** llama.cpp and its backends have been opened. */
    BACKEND,
    /** The model has been loaded. */
    MODEL,
    /** A context has been made. */
    CONTEXT,
    /** Tokens have been decoded. */
    DECODE;

    private static volatile Consumer<Phase> listener = phase -> {};

    /** Has a listener told of every phase from now on, in the thread that reaches it. */
    public static void listen(Consumer<Phase> told) {
        listener = told;
    }

    /** Says that this phase has been reached. */
    public void reached() {
        listener.accept(this);
    }
}
