package dev.headroom.memory;

import java.time.Duration;
import java.util.OptionalLong;

/** Something that can be read again and again while a benchmark runs. Open until closed; not for several threads. */
public interface Gauge extends AutoCloseable {
    /** What it is called in results and messages, such as {@code nvml.device}. */
    String name();

    /**
     * The value now; empty where there is none to be had. A gauge that has answered once and then gives nothing is lost.
     *
     * @throws RuntimeException if the gauge itself is broken: the iteration that is being measured fails
     */
    OptionalLong read();

    /** The shortest time between two reads that is worth its cost; zero: read it as often as you like. */
    default Duration spacing() {
        return Duration.ZERO;
    }

    @Override
    void close();
}
