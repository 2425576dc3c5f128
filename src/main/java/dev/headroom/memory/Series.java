package dev.headroom.memory;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Summary of one gauge's readings while it was sampled. */
public final class Series {
    private long lastTime;
    private long longestGap;
    private long samples;
    private long peak = Long.MIN_VALUE;
    private double sum;
    private boolean lost;

    /** @param start start of sampling, in ns */
    Series(long start) {
        lastTime = start;
    }

    /**
     * Adds a reading.
     *
     * @param time time of the reading in ns, not before the previous one
     */
    void add(long time, long value) {
        end(time);
        samples++;
        sum += value;
        peak = Math.max(peak, value);
        lost = false;
    }

    /** Adds a reading that had no value. */
    void addMissing() {
        lost = samples > 0;
    }

    /** Ends sampling at a time in ns. */
    void end(long time) {
        longestGap = Math.max(longestGap, time - lastTime);
        lastTime = time;
    }

    /** The largest value. Empty without a value, and if the gauge was lost: the peak may have come afterwards. */
    public OptionalLong peak() {
        return known() ? OptionalLong.of(peak) : OptionalLong.empty();
    }

    /** The mean of all values. Empty in the same cases as {@link #peak}. */
    public OptionalDouble mean() {
        return known() ? OptionalDouble.of(sum / samples) : OptionalDouble.empty();
    }

    private boolean known() {
        return samples > 0 && !lost;
    }

    /** Number of values. */
    public long samples() {
        return samples;
    }

    /** The longest time in ms without a value: between two values, before the first or after the last. */
    public double longestGapMillis() {
        return longestGap / 1e6;
    }
}
