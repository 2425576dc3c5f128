package dev.headroom.llama;

/** A failed call of llama.cpp, caused by a failed allocation on a device or on the host. */
public class LlamaOutOfMemory extends LlamaException {
    private static final long serialVersionUID = 1L;

    public LlamaOutOfMemory(String message) {
        super(message);
    }
}
