package dev.headroom.compare;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A figure of a cell that can be judged, as it has a good direction. Counters, clocks, temperatures and power have
 * none.
 *
 * @param name {@value #SCORE}, a percentile such as {@code p99}, {@value #ENERGY}, or a metric's label
 * @param unit its unit
 */
public record Measure(String name, String unit) {
    public static final String SCORE = "score";

    /** Energy a token: power by tokens a second. */
    public static final String ENERGY = "energy.token";

    static final String HOST_VRAM = "·vram.host.peak";
    static final String VRAM = "·vram.peak";
    static final String RAM = "·ram.peak";

    /** Means something else in every backend; docs/results.md. */
    private static final Set<String> NOT_JUDGED = Set.of("·ggml.device.used");

    /**
     * Those that a comparison may be about, the first that both sides have: what one meter says of both comes first.
     */
    private static final List<String> MEMORY = List.of(HOST_VRAM, VRAM, RAM);

    /** A secondary metric, if it can be judged. Energy of an iteration can where an iteration is a single operation. */
    static Optional<Measure> of(String label, String unit, String mode) {
        boolean judged = unit.equals("MiB") ? !NOT_JUDGED.contains(label) : unit.equals("J") && mode.equals("ss");
        return judged ? Optional.of(new Measure(label, unit)) : Optional.empty();
    }

    /** Whether more of it is better: what is counted by the second. */
    public boolean moreIsBetter() {
        return unit.endsWith("/s");
    }

    /** Whether it is memory. */
    public boolean ofMemory() {
        return unit.equals("MiB");
    }

    /** Whether it is the speed, or may be the memory, that a comparison is first of all about. */
    boolean mayLead() {
        return name.equals(SCORE) || name.equals(VRAM) || name.equals(RAM);
    }

    /** Whether it is the memory in use on a card. */
    boolean ofCard() {
        return name.equals(VRAM) || name.equals(HOST_VRAM);
    }

    /** The memory that a comparison is first of all about, of figures that both sides have. */
    static String leadingMemory(Set<Measure> both) {
        return MEMORY.stream()
                .filter(memory -> both.stream().anyMatch(measure -> measure.name.equals(memory)))
                .findFirst()
                .orElse(RAM);
    }

    /** On which scale its noise is even. */
    Scale scale() {
        return ofMemory() ? Scale.DIFFERENCE : Scale.RATIO;
    }
}
