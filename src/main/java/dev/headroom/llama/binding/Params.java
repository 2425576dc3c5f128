package dev.headroom.llama.binding;

import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/**
 * {@code struct llama_model_params} or {@code struct llama_context_params} of any version, by value: more bytes than
 * any of them has. That is safe both ways where large structs go through memory and are the last argument: System V
 * x86-64, Windows x64, AArch64. Fields are read and written by a {@link StructLayout}.
 */
@FieldOrder("bytes")
public class Params extends Structure implements Structure.ByValue {
    public byte[] bytes = new byte[512];

    public Params() {
        setAutoSynch(false);
        allocateMemory();
    }
}
