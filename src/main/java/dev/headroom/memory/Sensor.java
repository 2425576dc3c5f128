package dev.headroom.memory;

import java.util.Optional;
import java.util.OptionalDouble;

/** A gauge of something that is not memory: power, clocks, temperature, throttling or page faults. */
public interface Sensor extends Gauge {
    /** The metric of one iteration, in the metric's unit. Empty if the readings give none. */
    OptionalDouble value(Series readings);

    /** A remark for the user on all readings since the sensor was opened. */
    default Optional<String> remark() {
        return Optional.empty();
    }
}
