package dev.headroom.llama;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** Turns off core dumps and ggml's backtrace, so that a crash of native code ends the process at once. */
final class CrashDumps {
    /** {@code RLIMIT_CORE} of Linux and macOS. */
    private static final int RLIMIT_CORE = 4;

    private static final int OVERWRITE = 1;

    private CrashDumps() {}

    /** Call this before llama.cpp is loaded. Windows needs nothing. */
    static void disable() {
        if (Platform.isLinux() || Platform.isMac()) {
            NativeLibrary libc = NativeLibrary.getProcess();
            noCoreDump(libc);
            noBacktrace(libc);
        }
    }

    /** Sets both limits of setrlimit(2) to 0: a core dump would hold gigabytes of weights. */
    private static void noCoreDump(NativeLibrary libc) {
        try (Memory none = new Memory(2L * Long.BYTES)) {
            none.clear();
            libc.getFunction("setrlimit").invokeInt(new Object[] {RLIMIT_CORE, none});
        }
    }

    /**
     * ggml starts a debugger for a backtrace when an assertion fails. If two threads fail at once, both debuggers may
     * wait for each other forever. This happened in 2 of 20,000 crashes with ggml of v0.4.0 on two cores.
     */
    private static void noBacktrace(NativeLibrary libc) {
        libc.getFunction("setenv").invokeInt(new Object[] {"GGML_NO_BACKTRACE", "1", OVERWRITE});
    }
}
