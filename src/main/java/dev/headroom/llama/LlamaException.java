package dev.headroom.llama;

import dev.headroom.OneLine;

/** llama.cpp refused or failed. The message is one sentence with the cause that llama.cpp logged, in one line. */
public class LlamaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LlamaException(String message) {
        super(OneLine.of(message, " "));
    }
}
