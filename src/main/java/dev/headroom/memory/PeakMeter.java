package dev.headroom.memory;

/** A meter with an exact peak: {@link #read} returns the largest value since {@link #reset}. It is not polled. */
public interface PeakMeter extends Meter, Resettable {}
