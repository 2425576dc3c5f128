package dev.headroom.llama;

import java.util.function.Consumer;

/**
 * A step of a benchmark that takes memory. Benchmarks report it outside of the timed code, and the memory profiler
 * listens.
 */
public enum Phase {
    /** llama.cpp is not loaded yet. */
    START,
    /** llama.cpp and its backends are loaded. */
    BACKEND,
    /** The model is loaded. */
    MODEL,
    /** The context is created. */
    CONTEXT,
    /** Tokens are decoded. */
    DECODE;

    private static volatile Consumer<Phase> listener = phase -> {};

    /** Sets the listener. It is called in the thread that reaches a phase. */
    public static void listen(Consumer<Phase> newListener) {
        listener = newListener;
    }

    /** Reports that the benchmark has reached this phase. */
    public void reached() {
        listener.accept(this);
    }
}
