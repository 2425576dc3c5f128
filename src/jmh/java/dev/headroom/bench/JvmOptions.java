package dev.headroom.bench;

/** Options of every fork's JVM. They are the same everywhere, so the harness takes the same memory everywhere. */
final class JvmOptions {
    /** Lets JNA load llama.cpp. JDK 24 and later warn without it; JDK 17 accepts it. */
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    /** Lets JVMs before 23 ignore {@link #UNSAFE}. */
    static final String IGNORE_UNKNOWN = "-XX:+IgnoreUnrecognizedVMOptions";

    /** Lets JMH 1.37 use sun.misc.Unsafe. JDK 24 and later warn without it. */
    static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    /** Serial garbage collector, so that no collector threads run beside those of llama.cpp. */
    static final String COLLECTOR = "-XX:+UseSerialGC";

    /** Heap limit. The harness needs a few MiB; models are outside the heap. */
    static final String HEAP = "-Xmx256m";

    /** Only the first compiler, C1. The second, C2, would still run beside llama.cpp when measuring begins. */
    static final String COMPILER = "-XX:TieredStopAtLevel=1";

    /**
     * Compiles a method after a hundredth of the usual calls. A token loop runs some hundred times a second, so the
     * usual thousands of calls take long. Until then the loop is interpreted. That is slow, as reading the weights
     * evicts the interpreter from the caches.
     */
    static final String COMPILE_EARLY = "-XX:CompileThresholdScaling=0.01";

    private JvmOptions() {}
}
