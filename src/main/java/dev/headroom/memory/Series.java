package dev.headroom.memory;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What one gauge said while it was sampled. */
public final class Series {
    private long last;
    private long longestGap;
    private long samples;
    private long peak = Long.MIN_VALUE;
    private double sum;
    private boolean lost;

    /** Begins at a time in ns. */
    Series(long start) {
        last = start;
    }

    /** Takes a reading that was made at a time in ns, not before the last one. */
    void add(long time, OptionalLong value) {
        if (value.isPresent()) {
            gap(time);
            samples++;
            sum += value.getAsLong();
            peak = Math.max(peak, value.getAsLong());
            lost = false;
        } else {
            lost = samples > 0;
        }
    }

    /** Ends at a time in ns. */
    void end(long time) {
        gap(time);
    }

    private void gap(long time) {
        longestGap = Math.max(longestGap, time - last);
        last = time;
    }

    /** The largest value. Empty if there was none, or if the gauge stopped answering: the peak may have come after. */
    public OptionalLong peak() {
        return known() ? OptionalLong.of(peak) : OptionalLong.empty();
    }

    /** The mean of all values; empty as {@link #peak} is. */
    public OptionalDouble mean() {
        return known() ? OptionalDouble.of(sum / samples) : OptionalDouble.empty();
    }

    private boolean known() {
        return samples > 0 && !lost;
    }

    /** How many values were read. */
    public long samples() {
        return samples;
    }

    /** The longest time in ms in which nothing was seen: between two values, before the first and after the last. */
    public double longestGapMillis() {
        return longestGap / 1e6;
    }
}
