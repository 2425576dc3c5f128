package dev.headroom.result;

/**
 * One value of a secondary metric.
 *
 * @param value the value, in {@code unit}
 * @param unit MiB, ms, J, W, MHz, °C, % or # (a count)
 */
public record Metric(double value, String unit) {}
