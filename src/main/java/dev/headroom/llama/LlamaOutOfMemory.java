package dev.headroom.llama;

/** llama.cpp failed because an allocation did, on a device or on the host. */
public class LlamaOutOfMemory extends LlamaException {
    private static final long serialVersionUID = 1L;

    public LlamaOutOfMemory(String message) {
        super(message);
    }
}
