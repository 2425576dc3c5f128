package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Memory that this process has allocated on Apple's default GPU, in bytes. With unified memory it is also part of the
 * process's RAM. Source: {@code currentAllocatedSize} of {@code MTLDevice}, since macOS 10.13.
 *
 * <p>A reading creates the device. So the meter reads nothing before llama.cpp is open, which creates the device
 * anyway.
 */
final class MetalProcess implements Meter {
    private static final Signal SIGNAL =
            new Signal("metal.process", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.COMMITTED);

    private static final String FRAMEWORKS = "/System/Library/Frameworks/";

    private final Function create;
    private final Function send;
    private final Pointer currentAllocatedSize;
    private boolean created;
    private @Nullable Pointer device;

    private MetalProcess() {
        // A program without windows gets a default device only if Core Graphics is loaded.
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
     * Sends the message as a call with two arguments and a 64-bit result. It must not be a variadic call: arm64 passes
     * variadic arguments in another way. JNA calls are not variadic by default.
     */
    @Override
    public OptionalLong read() {
        if (!created && LlamaLibrary.loaded().isPresent()) {
            created = true;
            device = create.invokePointer(new Object[0]); // shared with llama.cpp, never released
        }
        return device == null
                ? OptionalLong.empty()
                : OptionalLong.of(send.invokeLong(new Object[] {device, currentAllocatedSize}));
    }

    @Override
    public Signal signal() {
        return SIGNAL;
    }
}
