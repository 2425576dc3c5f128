package dev.headroom.memory;

/**
 * One source of one memory signal, in bytes. A new meter is one file, with a static method that opens it, and one line
 * in {@link Meters}, where the first meter that works serves its metric.
 */
public interface Meter extends Gauge {
    /** What a value counts. */
    enum Scope {
        /** This process. */
        PROCESS,
        /** One device, whoever uses it. */
        DEVICE,
        /** The whole machine, or the container that is the machine to this process. */
        SYSTEM
    }

    /** What being counted means. */
    enum Semantics {
        /** The memory is occupied. */
        RESIDENT,
        /** The memory is promised and may be elsewhere. */
        COMMITTED,
        /** The memory is kept from use. */
        RESERVED
    }

    /**
     * What a meter is about.
     *
     * @param meter its name in results and messages, such as {@code nvml.device}
     * @param metric the one it serves, such as {@code vram.peak}
     */
    record Signal(String meter, String metric, Scope scope, Semantics semantics) {}

    Signal signal();

    @Override
    default String name() {
        return signal().meter();
    }

    @Override
    default String metric() {
        return signal().metric();
    }
}
