package dev.headroom.bench;

/** Options of every fork's JVM, the same everywhere so that the harness's own share of memory is. */
final class JvmOptions {
    /** JNA loads llama.cpp; asked for since JDK 24, accepted by 17. */
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    /** Lets JVMs before 23 pass over {@link #UNSAFE}. */
    static final String IGNORE_UNKNOWN = "-XX:+IgnoreUnrecognizedVMOptions";

    /** JMH 1.37 uses sun.misc.Unsafe, about which JDK 24 and later warn. */
    static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

    /** No collector threads beside llama.cpp's. */
    static final String COLLECTOR = "-XX:+UseSerialGC";

    /** The harness needs a few MiB; models live outside the heap. */
    static final String HEAP = "-Xmx256m";

    /** The quick compiler alone: the other would still be at work beside llama.cpp when the measurement begins. */
    static final String COMPILER = "-XX:TieredStopAtLevel=1";

    /**
     * HotSpot compiles what has run some thousand times. A loop over tokens turns some hundred times a second: it would
     * be interpreted for long, and between two tokens, when the weights have washed the caches, the interpreter is
     * slow.
     */
    static final String COMPILE_EARLY = "-XX:CompileThresholdScaling=0.01";

    private JvmOptions() {}
}
