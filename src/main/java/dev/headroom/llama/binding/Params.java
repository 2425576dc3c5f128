package dev.headroom.llama.binding;

import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/**
 * {@code struct llama_model_params} or {@code struct llama_context_params} of any version, passed by value. It has more
 * bytes than any version of them. This is safe if the ABI passes large structs in memory and the struct is the last
 * argument: System V x86-64, Windows x64, AArch64. {@link StructLayout} reads and writes the fields.
 */
@FieldOrder("bytes")
public class Params extends Structure implements Structure.ByValue {
    public byte[] bytes = new byte[512];

    public Params() {
        setAutoSynch(false);
        allocateMemory();
    }
}
