package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The catalogue of metrics: all that an iteration may report besides its score.
 *
 * <p>A new metric is one entry here and one row in docs/results.md. Entries are in the order of their labels, which is
 * the order in JSON.
 */
public enum Metric {
    BUFFERS_COMPUTE("·buffers.compute", Kind.SIZE, "compute buffers, host and devices added up"),
    BUFFERS_KV("·buffers.kv", Kind.SIZE, "KV cache and state of recurrent layers, host and devices added up"),
    BUFFERS_MODEL("·buffers.model", Kind.SIZE, "weights, host and devices added up"),
    BUFFERS_OUTPUT("·buffers.output", Kind.SIZE, "logits on the host"),
    GGML_DEVICE_USED("·ggml.device.used", Kind.UNJUDGED_SIZE, "total minus free of all GPUs; every backend differs"),
    GPU_CLOCK_MEMORY("·gpu.clock.memory", Kind.CLOCK, "memory clock of an NVIDIA card"),
    GPU_CLOCK_SM("·gpu.clock.sm", Kind.CLOCK, "multiprocessor clock of an NVIDIA card"),
    GPU_ENERGY("·gpu.energy", Kind.ENERGY, "energy of the card in an iteration, from its energy counter"),
    GPU_POWER("·gpu.power", Kind.POWER, "mean power of the card"),
    GPU_TEMPERATURE("·gpu.temperature", Kind.TEMPERATURE, "temperature of the GPU"),
    GPU_THROTTLED("·gpu.throttled", Kind.SHARE, "share of readings with the card slowed down"),
    GPU_THROTTLED_HEAT("·gpu.throttled.heat", Kind.SHARE, "share of readings with the card slowed down by heat"),
    GPU_UTILIZATION("·gpu.utilization", Kind.SHARE, "share of time in which the GPU computed"),
    GPU_UTILIZATION_MEMORY("·gpu.utilization.memory", Kind.SHARE, "share of time in which the card's memory was used"),
    RAM_ANON_PEAK("·ram.anon.peak", Kind.SIZE, "resident memory that no file backs; Linux"),
    RAM_CGROUP_PEAK("·ram.cgroup.peak", Kind.SIZE, "memory counted against the control group's limit; Linux"),
    RAM_FAULTS_MAJOR("·ram.faults.major", Kind.COUNT, "page faults that waited for a disk; Linux"),
    RAM_FILE_PEAK("·ram.file.peak", Kind.SIZE, "resident pages of files, a mapped model's among them; Linux"),
    RAM_FOOTPRINT_PEAK("·ram.footprint.peak", Kind.SIZE, "footprint of the process, with GPU memory; macOS"),
    RAM_GAP_MAX("·ram.gap.max", Kind.GAP, "longest time between two readings of RAM"),
    RAM_PEAK("·ram.peak", Kind.SIZE, "resident memory of the process, with a mapped model"),
    RAM_PSS("·ram.pss", Kind.UNJUDGED_SIZE, "proportional set size; Linux; only in `phases`, in no table"),
    RAM_SAMPLES("·ram.samples", Kind.COUNT, "readings behind `·ram.peak`, else behind `·ram.anon.peak`"),
    RAM_SWAP_PEAK("·ram.swap.peak", Kind.SIZE, "memory of the process that is swapped out; Linux"),
    SAMPLING_COST("·sampling.cost", Kind.SHARE, "CPU time of polling, as a share of one core"),
    VRAM_ALL_PEAK("·vram.all.peak", Kind.SIZE, "sum of the peaks of all cards, with several cards"),
    VRAM_BASELINE("·vram.baseline", Kind.SIZE, "memory in use on the card before llama.cpp is loaded"),
    VRAM_GAP_MAX("·vram.gap.max", Kind.GAP, "longest time between two readings of VRAM"),
    VRAM_HOST_BASELINE("·vram.host.baseline", Kind.SIZE, "memory in use on the card before the fork, from outside"),
    VRAM_HOST_PEAK("·vram.host.peak", Kind.SIZE, "memory in use on the card while the fork runs, from outside"),
    VRAM_PEAK("·vram.peak", Kind.SIZE, "memory in use on the card by all processes and the driver"),
    VRAM_PROCESS_PEAK("·vram.process.peak", Kind.SIZE, "memory of this process on the card; not on WSL2"),
    VRAM_RESERVED("·vram.reserved", Kind.SIZE, "memory that the NVIDIA driver keeps; part of `·vram.peak`"),
    VRAM_SAMPLES("·vram.samples", Kind.COUNT, "readings behind `·vram.peak`"),
    VRAM_SHARED_PEAK("·vram.shared.peak", Kind.SIZE, "system RAM that serves a card, where spilled memory goes");

    /** Metrics with a column in every table, measured or not, in the order of the columns. */
    public static final List<Metric> IN_EVERY_TABLE = List.of(
            VRAM_PEAK,
            VRAM_BASELINE,
            VRAM_PROCESS_PEAK,
            VRAM_SHARED_PEAK,
            RAM_PEAK,
            RAM_ANON_PEAK,
            BUFFERS_MODEL,
            BUFFERS_KV,
            BUFFERS_COMPUTE,
            VRAM_SAMPLES,
            VRAM_GAP_MAX,
            GPU_ENERGY,
            GPU_POWER);

    /** Sizes that llama.cpp logs, rounded to 0.01 MiB; all other sizes are measured. */
    public static final Set<Metric> LOGGED = EnumSet.of(BUFFERS_MODEL, BUFFERS_KV, BUFFERS_COMPUTE, BUFFERS_OUTPUT);

    /** RAM of the fork's process alone. */
    public static final Set<Metric> RAM_OF_PROCESS =
            EnumSet.of(RAM_PEAK, RAM_ANON_PEAK, RAM_FILE_PEAK, RAM_SWAP_PEAK, RAM_FOOTPRINT_PEAK);

    private static final String MARK = "·";

    private static final Map<String, Metric> BY_LABEL =
            Stream.of(values()).collect(Collectors.toMap(Metric::label, Function.identity()));

    private final String label;
    private final Kind kind;
    private final String meaning;

    Metric(String label, Kind kind, String meaning) {
        this.label = label;
        this.kind = kind;
        this.meaning = meaning;
    }

    /** What metrics have in common. */
    private enum Kind {
        SIZE("MiB", "_mib", Merge.MAX, Better.LESS),
        UNJUDGED_SIZE("MiB", "_mib", Merge.MAX, Better.NEITHER),
        COUNT("#", "", Merge.SUM, Better.NEITHER),
        GAP("ms", "_ms", Merge.MAX, Better.NEITHER),
        SHARE("%", "_percent", Merge.MEAN, Better.NEITHER),
        /** Judged only if an iteration is one operation, as energy adds up over operations. */
        ENERGY("J", "_j", Merge.MEAN, Better.LESS),
        POWER("W", "_w", Merge.MEAN, Better.NEITHER),
        CLOCK("MHz", "_mhz", Merge.MEAN, Better.NEITHER),
        TEMPERATURE("°C", "_celsius", Merge.MAX, Better.NEITHER);

        private final String unit;
        private final String columnEnd;
        private final Merge merge;
        private final Better better;

        Kind(String unit, String columnEnd, Merge merge, Better better) {
            this.unit = unit;
            this.columnEnd = columnEnd;
            this.merge = merge;
            this.better = better;
        }
    }

    /** How values of iterations, and then of forks, become one. */
    public enum Merge {
        MAX,
        MEAN,
        SUM
    }

    /** Which direction is better. */
    public enum Better {
        LESS,
        MORE,
        /** A comparison shows no verdict. */
        NEITHER
    }

    /** The metric with a label; empty if the catalogue has none. */
    public static Optional<Metric> labelled(String label) {
        return Optional.ofNullable(BY_LABEL.get(label));
    }

    @JsonCreator
    static Metric of(String label) {
        return labelled(label).orElseThrow(() -> new IllegalArgumentException("No metric " + label));
    }

    /** A label without its leading {@code ·}; any other name as it is. */
    public static String plain(String name) {
        return name.replace(MARK, "");
    }

    /** The name in JSON, such as {@code ·vram.peak}. jmh-visualizer only offers names that begin with {@code ·}. */
    @JsonValue
    public String label() {
        return label;
    }

    /** The column in CSV files, such as {@code vram_peak_mib}. */
    public String column() {
        return plain(label).replace('.', '_') + kind.columnEnd;
    }

    /** The memory signal behind it, as {@code phases} in JSON names it: {@code vram} for {@code ·vram.peak}. */
    public String signal() {
        return plain(label).replace(".peak", "");
    }

    /** The unit, such as {@code MiB}. */
    public String unit() {
        return kind.unit;
    }

    public Merge merge() {
        return kind.merge;
    }

    public Better better() {
        return kind.better;
    }

    /** One line of documentation, in Markdown. */
    public String meaning() {
        return meaning;
    }

    /**
     * Whether a comparison may judge it.
     *
     * @param mode JMH's mode, such as {@code ss}
     */
    public boolean isJudged(String mode) {
        return kind.better != Better.NEITHER && (kind != Kind.ENERGY || mode.equals("ss"));
    }

    /** A measured value, in {@link #unit}. */
    public MetricValue value(double value) {
        return new MetricValue(value, kind.unit);
    }
}
