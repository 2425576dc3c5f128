package dev.headroom.memory;

/** A meter that keeps an exact peak by itself: {@link #read} gives the largest value since {@link #reset}. */
public interface PeakMeter extends Meter, Resettable {}
