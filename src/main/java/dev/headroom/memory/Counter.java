package dev.headroom.memory;

import java.util.List;
import java.util.OptionalDouble;

/** Something that counts by itself what happens, and is asked at the begin and at the end of an iteration. */
public interface Counter extends AutoCloseable {
    /** What it is called in results and messages, such as {@code linux.majflt}. */
    String name();

    /** The metric it serves, such as {@code ram.faults.major}. */
    String metric();

    /** Of what {@link #counted} gives; {@code #} for a number of times. */
    String unit();

    /** Begins to count anew. */
    void start();

    /** What was counted since {@link #start}; empty where there is nothing to be had. */
    OptionalDouble counted();

    @Override
    void close();

    /** Those that work on this machine. */
    static List<Counter> open() {
        try {
            return List.of(LinuxMajorFaults.open());
        } catch (MeterUnavailable e) {
            return List.of();
        }
    }
}
