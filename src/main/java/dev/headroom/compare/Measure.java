package dev.headroom.compare;

import dev.headroom.result.Metric;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A metric that a comparison can judge: one with a better direction. Counters, clocks, temperatures and power have
 * none.
 *
 * @param name {@value #SCORE}, a percentile such as {@code p99}, {@value #ENERGY}, or a metric's label
 * @param unit its unit
 */
public record Measure(String name, String unit) {
    public static final String SCORE = "score";

    /** Energy per token: power divided by tokens/s. */
    public static final String ENERGY = "energy.token";

    /** VRAM that the model's process added: the peak minus what was in use before anything ran. */
    public static final String ADDED_VRAM = "vram.added";

    /** VRAM in use before anything ran: the driver's reserve, the desktop and other programs. */
    public static final String VRAM_BASELINE = Metric.VRAM_BASELINE.label();

    static final String HOST_VRAM = Metric.VRAM_HOST_PEAK.label();
    static final String VRAM = Metric.VRAM_PEAK.label();
    static final String RAM = Metric.RAM_PEAK.label();

    /** Candidates for the most important memory metric, in order of preference. One meter for both groups is best. */
    private static final List<String> MEMORY = List.of(HOST_VRAM, VRAM, RAM);

    /** A metric; empty if it is not in the catalogue or a comparison may not judge it. */
    static Optional<Measure> of(String label, String mode) {
        return Metric.labelled(label)
                .filter(metric -> metric.isJudged(mode))
                .map(metric -> new Measure(label, metric.unit()));
    }

    /** Whether a larger value is better: by the catalogue; of scores those per second. */
    public boolean moreIsBetter() {
        return Metric.labelled(name)
                .map(metric -> metric.better() == Metric.Better.MORE)
                .orElse(unit.endsWith("/s"));
    }

    /** Whether the metric is memory. */
    public boolean ofMemory() {
        return unit.equals("MiB");
    }

    /** Whether the metric may be a headline: speed, or the most important memory metric. */
    boolean mayLead() {
        return name.equals(SCORE) || name.equals(VRAM) || name.equals(RAM);
    }

    /** Whether the metric is the device memory in use. */
    boolean ofCard() {
        return name.equals(VRAM) || name.equals(HOST_VRAM);
    }

    /** Whether a full card limits the metric: the need may then be larger than its value. */
    boolean isCappedByCard() {
        return ofCard() || name.equals(ADDED_VRAM) || name.equals(Metric.VRAM_PROCESS_PEAK.label());
    }

    /** The metric whose meter measured this one. */
    String metered() {
        return name.equals(ADDED_VRAM) ? VRAM : name;
    }

    /** The most important memory metric of those that both groups have. */
    static String leadingMemory(Set<Measure> both) {
        return MEMORY.stream()
                .filter(memory -> both.stream().anyMatch(measure -> measure.name.equals(memory)))
                .findFirst()
                .orElse(RAM);
    }

    /** The scale on which differences of the metric are computed. */
    Scale scale() {
        return ofMemory() ? Scale.DIFFERENCE : Scale.RATIO;
    }

    /** The name without the leading {@code ·}, as users write it. */
    public String plainName() {
        return Metric.plain(name);
    }
}
