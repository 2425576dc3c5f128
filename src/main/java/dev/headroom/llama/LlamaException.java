package dev.headroom.llama;

import dev.headroom.OneLine;

/** A failed call of llama.cpp. The message is one line, with the errors that llama.cpp logged. */
public class LlamaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LlamaException(String message) {
        super(OneLine.of(message, " "));
    }
}
