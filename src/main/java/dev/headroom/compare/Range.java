package dev.headroom.compare;

import java.util.function.DoubleUnaryOperator;

/** A range of numbers from low to high, both included. */
public record Range(double low, double high) {
    static Range around(double middle, double margin) {
        return new Range(middle - margin, middle + margin);
    }

    boolean finite() {
        return Double.isFinite(low) && Double.isFinite(high);
    }

    /** Applies an increasing function to both ends. */
    Range map(DoubleUnaryOperator increasing) {
        return new Range(increasing.applyAsDouble(low), increasing.applyAsDouble(high));
    }

    /** The larger absolute value of both ends. */
    public double farthest() {
        return Math.max(Math.abs(low), Math.abs(high));
    }
}
