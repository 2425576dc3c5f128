package dev.headroom.memory;

import java.util.Optional;
import java.util.OptionalLong;

/** Something that can be read again and again while a benchmark runs. Open until closed; not for several threads. */
public interface Gauge extends AutoCloseable {
    /** What it is called in results and messages, such as {@code nvml.device}. */
    String name();

    /** The metric it serves, such as {@code vram.peak}. */
    String metric();

    /** The card it is about, as {@link Cards#pciId} writes it; empty for one that is not about one card. */
    default Optional<String> card() {
        return Optional.empty();
    }

    /**
     * The value now; empty where there is none to be had. A gauge that has answered once and then gives nothing is
     * lost.
     *
     * @throws RuntimeException if the gauge itself is broken: the iteration that is being measured fails
     */
    OptionalLong read();

    @Override
    void close();
}
