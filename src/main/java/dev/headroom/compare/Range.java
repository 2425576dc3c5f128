package dev.headroom.compare;

import java.util.function.DoubleUnaryOperator;

/** From low to high, both included. */
public record Range(double low, double high) {
    /** Around a middle. */
    static Range around(double middle, double margin) {
        return new Range(middle - margin, middle + margin);
    }

    boolean finite() {
        return Double.isFinite(low) && Double.isFinite(high);
    }

    /** Both ends through an increasing function. */
    Range map(DoubleUnaryOperator increasing) {
        return new Range(increasing.applyAsDouble(low), increasing.applyAsDouble(high));
    }

    /** The end that is farther from 0, as an amount. */
    public double farthest() {
        return Math.max(Math.abs(low), Math.abs(high));
    }
}
