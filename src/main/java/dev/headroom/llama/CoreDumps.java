package dev.headroom.llama;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** A crash of native code writes no image of the process, which would have gigabytes of weights in it. */
final class CoreDumps {
    /** {@code RLIMIT_CORE} of Linux and macOS. */
    private static final int RLIMIT_CORE = 4;

    private CoreDumps() {}

    /** Switches them off for this process: setrlimit(2), both limits 0. Windows writes none by itself. */
    static void off() {
        if (Platform.isLinux() || Platform.isMac()) {
            try (Memory none = new Memory(2L * Long.BYTES)) {
                none.clear();
                NativeLibrary.getProcess().getFunction("setrlimit").invokeInt(new Object[] {RLIMIT_CORE, none});
            }
        }
    }
}
