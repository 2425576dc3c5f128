package dev.headroom.result;

/**
 * One measured value of a {@link Metric}.
 *
 * @param unit the metric's unit
 */
public record MetricValue(double value, String unit) {}
