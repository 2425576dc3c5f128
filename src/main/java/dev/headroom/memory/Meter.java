package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.List;

/**
 * One source of one memory signal, in bytes. A new meter is one file with a static method that opens it, and one line
 * in {@link Meters}. The first meter there that works serves its metric.
 */
public interface Meter extends Gauge {
    /** Whose memory a meter counts. */
    enum Scope {
        /** Memory of this process. */
        PROCESS,
        /** Memory of one device, used by any process. */
        DEVICE,
        /** Memory of the whole machine, or of the container that this process runs in. */
        SYSTEM
    }

    /** Kind of memory that a meter counts. */
    enum Semantics {
        /** Memory that is occupied. */
        RESIDENT,
        /** Memory that the system has promised, and that may be elsewhere. */
        COMMITTED,
        /** Memory that programs cannot use. */
        RESERVED
    }

    /**
     * Description of a meter.
     *
     * @param meter name in results and messages, such as {@code nvml.device}
     * @param metric the metric it serves
     */
    record Signal(String meter, Metric metric, Scope scope, Semantics semantics) {}

    /** What the meter measures. */
    Signal signal();

    /**
     * This meter, after a check that it has a value. Without one it is closed.
     *
     * @param failure the reason why there is no value
     */
    default List<Meter> requireValue(String failure) throws MeterUnavailable {
        if (read().isEmpty()) {
            close();
            throw new MeterUnavailable(failure);
        }
        return List.of(this);
    }

    @Override
    default String name() {
        return signal().meter();
    }

    @Override
    default Metric metric() {
        return signal().metric();
    }
}
