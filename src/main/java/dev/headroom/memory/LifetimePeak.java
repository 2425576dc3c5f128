package dev.headroom.memory;

/**
 * Improves polling with a peak that the system keeps for a lifetime and does not reset. If the lifetime peak has grown
 * since the last reading, it was reached in between. So a spike above all earlier ones is never missed. Lower spikes
 * shorter than the polling interval may be missed.
 */
final class LifetimePeak {
    private long peak;

    /** @param peak the lifetime peak so far; {@link Long#MAX_VALUE} if it is unknown */
    LifetimePeak(long peak) {
        this.peak = peak;
    }

    /**
     * The largest value known since the last reading.
     *
     * @param now the current value, in the peak's unit
     * @param newPeak the current lifetime peak
     */
    long since(long now, long newPeak) {
        boolean grown = newPeak > peak;
        peak = newPeak;
        return grown ? Math.max(now, newPeak) : now;
    }
}
