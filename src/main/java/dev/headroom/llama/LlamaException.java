package dev.headroom.llama;

/** llama.cpp refused or failed. The message is one sentence with the cause that llama.cpp logged. */
public class LlamaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LlamaException(String message) {
        super(message);
    }
}
