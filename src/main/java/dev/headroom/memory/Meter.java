package dev.headroom.memory;

import java.util.Optional;

/**
 * One source of one memory signal, in bytes. A new meter is one file, with a static method that opens it, and one line
 * in {@link Meters}.
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

    /** The metric it serves, such as {@code vram.peak}. The first meter in the list that works serves it. */
    String metric();

    Scope scope();

    Semantics semantics();

    /** The card it is about, as {@link Cards#pciId} writes it; empty for a meter that is not about one card. */
    default Optional<String> card() {
        return Optional.empty();
    }
}
