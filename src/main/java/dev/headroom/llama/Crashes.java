package dev.headroom.llama;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** A crash of native code ends the process at once: it writes no image of itself and starts no debugger. */
final class Crashes {
    /** {@code RLIMIT_CORE} of Linux and macOS. */
    private static final int RLIMIT_CORE = 4;

    private static final int OVERWRITE = 1;

    private Crashes() {}

    /** For this process, before llama.cpp is loaded. Windows does neither by itself. */
    static void endAtOnce() {
        if (Platform.isLinux() || Platform.isMac()) {
            NativeLibrary libc = NativeLibrary.getProcess();
            noCoreDump(libc);
            noBacktrace(libc);
        }
    }

    /** setrlimit(2), both limits 0: gigabytes of weights would be in it. */
    private static void noCoreDump(NativeLibrary libc) {
        try (Memory none = new Memory(2L * Long.BYTES)) {
            none.clear();
            libc.getFunction("setrlimit").invokeInt(new Object[] {RLIMIT_CORE, none});
        }
    }

    /**
     * ggml forks a debugger for a backtrace when an assertion fails. When two of its threads fail at once, each child
     * holds the other's pipe open and waits for ever (2 of 20,000 times with ggml of v0.4.0 on two cores).
     */
    private static void noBacktrace(NativeLibrary libc) {
        libc.getFunction("setenv").invokeInt(new Object[] {"GGML_NO_BACKTRACE", "1", OVERWRITE});
    }
}
