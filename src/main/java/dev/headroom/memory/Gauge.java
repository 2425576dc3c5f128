package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.Optional;
import java.util.OptionalLong;

/** A value that can be read repeatedly while a benchmark runs: a {@link Meter} or a {@link Sensor}. Not thread-safe. */
public interface Gauge extends AutoCloseable {
    /** Name in results and messages, such as {@code nvml.device}. */
    String name();

    /** The metric it serves. */
    Metric metric();

    /** PCI id of the card it measures, in the spelling of {@link Cards#pciId}. Empty if it measures no single card. */
    default Optional<String> card() {
        return Optional.empty();
    }

    /**
     * The current value. Empty if there is none. A gauge that has had a value before and then has none is lost.
     *
     * @throws RuntimeException if the gauge is broken; the running iteration then fails
     */
    OptionalLong read();

    /** Releases what the gauge has opened. By default there is nothing to release. */
    @Override
    default void close() {}
}
