package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.llama.LlamaLibrary;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory that this process has allocated on Apple's default GPU: {@code currentAllocatedSize} of {@code MTLDevice},
 * since macOS 10.13. With unified memory it is part of the process's RAM too.
 *
 * <p>Asking creates the device, which llama.cpp does in any case. So nothing is asked before llama.cpp is open.
 */
final class MetalProcess implements Meter {
    private static final Signal SIGNAL =
            new Signal("metal.process", "vram.process.peak", Scope.PROCESS, Semantics.COMMITTED);

    private static final String FRAMEWORKS = "/System/Library/Frameworks/";

    private final Function create;
    private final Function send;
    private final Pointer currentAllocatedSize;
    private boolean asked;
    private @Nullable Pointer device;

    private MetalProcess() {
        // Without Core Graphics there is no default device for a program without windows.
        NativeLibrary.getInstance(FRAMEWORKS + "CoreGraphics.framework/CoreGraphics");
        create = NativeLibrary.getInstance(FRAMEWORKS + "Metal.framework/Metal")
                .getFunction("MTLCreateSystemDefaultDevice");
        NativeLibrary objc = NativeLibrary.getInstance("objc");
        send = objc.getFunction("objc_msgSend");
        currentAllocatedSize =
                objc.getFunction("sel_registerName").invokePointer(new Object[] {"currentAllocatedSize"});
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isMac()) {
            throw new MeterUnavailable("this is not macOS");
        }
        return List.of(new MetalProcess());
    }

    /**
     * The message is sent as a call of a function with two arguments and a 64-bit result, as arm64 wants it, where
     * arguments of a variadic function go another way; JNA makes variadic calls only where it is told to.
     */
    @Override
    public OptionalLong read() {
        if (!asked && LlamaLibrary.loaded().isPresent()) {
            asked = true;
            device = create.invokePointer(new Object[0]);
        }
        return device == null
                ? OptionalLong.empty()
                : OptionalLong.of(send.invokeLong(new Object[] {device, currentAllocatedSize}));
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }

    @Override
    public void close() {
        // The device is shared with llama.cpp and lives as long as the process.
    }
}
