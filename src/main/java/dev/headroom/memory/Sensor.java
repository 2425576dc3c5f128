package dev.headroom.memory;

import java.util.Optional;
import java.util.OptionalDouble;

/** Something that is not memory: what a card draws, how fast and how hot it runs, what the system had to do. */
public interface Sensor extends Gauge {
    /** The metric's unit. */
    String unit();

    /** What an iteration's readings come to, in {@link #unit}; empty where there is no such value. */
    OptionalDouble value(Series readings);

    /** What is to be said of the readings since this was opened, beside the value. */
    default Optional<String> remark() {
        return Optional.empty();
    }
}
