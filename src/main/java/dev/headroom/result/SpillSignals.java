package dev.headroom.result;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.jspecify.annotations.Nullable;

/** Judges from several signals whether cells spilled; docs/results.md explains the rules. */
public final class SpillSignals {
    /**
     * Growth of the card's shared memory that counts as a signal, in MiB. Drivers keep staging buffers there, which are
     * smaller.
     */
    static final double SHARED_MIB = 256;

    /** The share of the card or of RAM that counts as full. Drivers of Windows begin to spill there. */
    static final double CEILING = 0.85;

    /** The same where no meter shows a spill. WSL2 leaves 5 % of a card of 24 GiB unused. */
    static final double BLIND_CEILING = 0.9;

    /** Time per token over that expected from smaller depths, from which a cell counts as slow. */
    static final double SLOW = 1.5;

    /** Page faults from a disk in an iteration that count as a signal. A model that fits has none after its warm-up. */
    static final double MAJOR_FAULTS = 100;

    /** Swapped memory of the process that counts as a signal, in MiB. */
    static final double SWAPPED_MIB = 64;

    private static final Spill NO_SPILL = new Spill(Spill.Verdict.NONE, List.of());
    private static final double BUSY_PERCENT = 80;
    private static final double IDLE_PERCENT = 5;
    private static final String CONTEXT_LENGTH = "contextLength";

    /** Environment variables that let a driver spill where it would refuse. */
    private static final List<String> SPILL_VARIABLES =
            List.of("GGML_CUDA_ENABLE_UNIFIED_MEMORY", "GGML_VK_ALLOW_SYSMEM_FALLBACK");

    private final Map<List<Object>, TreeMap<Long, CellResult>> depths = new HashMap<>();
    private final Function<CellResult, Run.PlaceFacts> places;

    private SpillSignals(List<CellResult> cells, Function<CellResult, Run.PlaceFacts> places) {
        this.places = places;
        cells.forEach(cell -> {
            Long depth = depth(cell);
            if (depth != null && secondsPerToken(cell) != null) {
                depths.computeIfAbsent(withoutDepth(cell), first -> new TreeMap<>())
                        .put(depth, cell);
            }
        });
    }

    /**
     * The same cells with their verdicts. A cell without a model or without a score has none.
     *
     * @param places facts of the environment of a cell
     */
    public static List<CellResult> judge(List<CellResult> cells, Function<CellResult, Run.PlaceFacts> places) {
        SpillSignals signals = new SpillSignals(cells, places);
        return cells.stream().map(cell -> cell.with(signals.of(cell))).toList();
    }

    private @Nullable Spill of(CellResult cell) {
        Observed observed = cell.memory().observed();
        if (cell.status() != Status.OK || observed == null) {
            return null;
        }
        Spill host = host(cell);
        return observed.devices().isEmpty()
                ? host
                : Stream.of(device(cell, observed.devices().get(0)), host)
                        .max(Comparator.comparing(Spill::verdict))
                        .orElseThrow();
    }

    private Spill device(CellResult cell, String device) {
        List<String> evidence = new ArrayList<>();
        Double used = used(cell);
        Double total = total(cell, device);
        Double shared = sharedGrowth(cell);
        boolean grew = shared != null && shared >= SHARED_MIB;
        if (!grew && refuses(places.apply(cell))) {
            return NO_SPILL;
        }
        if (used == null || total == null) {
            return new Spill(Spill.Verdict.UNKNOWN, List.of("no meter here measures the card's memory"));
        }
        boolean full = used >= (shared == null ? BLIND_CEILING : CEILING) * total;
        if (full) {
            evidence.add(text("%.0f of the card's %.0f MiB are in use", used, total));
        }
        if (grew && shared != null) {
            evidence.add(text("shared memory grew by %.0f MiB", shared));
        }
        Double slower = slower(cell);
        boolean slow = slower == null ? isStarved(cell) : slower >= SLOW;
        if (slower != null && (full || grew)) {
            evidence.add(slowness(slower));
        }
        if (slower == null && slow) {
            evidence.add("the GPU is busy while its memory is idle");
        }
        Spill.Verdict verdict;
        if (grew) {
            verdict = slow || (full && slower == null) ? Spill.Verdict.SPILLED : Spill.Verdict.SUSPECTED;
        } else if (!full) {
            verdict = Spill.Verdict.NONE;
        } else if (shared != null) {
            verdict = slow ? Spill.Verdict.SUSPECTED : Spill.Verdict.NONE;
        } else {
            verdict = slow ? Spill.Verdict.SPILLED : Spill.Verdict.UNKNOWN;
            evidence.add("no meter here measures shared memory");
        }
        return verdict == Spill.Verdict.NONE ? NO_SPILL : new Spill(verdict, evidence);
    }

    /** Whether the GPU waits for data from elsewhere: it is busy, and its own memory is not. */
    private static boolean isStarved(CellResult cell) {
        Double gpu = value(cell, Metric.GPU_UTILIZATION);
        Double memory = value(cell, Metric.GPU_UTILIZATION_MEMORY);
        return gpu != null && memory != null && gpu >= BUSY_PERCENT && memory <= IDLE_PERCENT;
    }

    /** Whether the card's driver refuses an allocation that does not fit, as NVIDIA's does on Linux. */
    private static boolean refuses(Run.PlaceFacts place) {
        Map<String, String> facts = place.environment().values();
        return facts.getOrDefault("os", "").equals("Linux")
                && !facts.containsKey("wsl")
                && !facts.getOrDefault("gpuDriverModel", "").equals("WDDM")
                && SPILL_VARIABLES.stream().noneMatch(facts::containsKey);
    }

    private Spill host(CellResult cell) {
        List<String> evidence = new ArrayList<>();
        Map<String, String> facts = places.apply(cell).environment().values();
        Double limit = number(facts.getOrDefault("memoryLimitMiB", facts.get("memoryTotalMiB")));
        Double used = Stream.of(Metric.RAM_CGROUP_PEAK, Metric.RAM_PEAK)
                .map(metric -> value(cell, metric))
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(null);
        if (limit == null || used == null || used < CEILING * limit) {
            return NO_SPILL;
        }
        evidence.add(text("%.0f of %.0f MiB of RAM are in use", used, limit));
        Double faults = value(cell, Metric.RAM_FAULTS_MAJOR);
        double iterations =
                Math.max(1, (double) cell.samples().size() * cell.protocol().iterations());
        if (faults != null && faults / iterations >= MAJOR_FAULTS) {
            evidence.add(text("%.0f page faults in an iteration waited for a disk", faults / iterations));
        }
        Double swapped = value(cell, Metric.RAM_SWAP_PEAK);
        if (swapped != null && swapped >= SWAPPED_MIB) {
            evidence.add(text("%.0f MiB of the process are swapped out", swapped));
        }
        cell.noise().stream()
                .filter(noise -> noise.kind() == Noise.Kind.MEMORY_PRESSURE && noise.amount() != null)
                .forEach(
                        noise -> evidence.add(text("processes waited for memory %.1f %% of the time", noise.amount())));
        if (evidence.size() == 1) {
            return NO_SPILL;
        }
        Double slower = slower(cell);
        if (slower != null) {
            evidence.add(slowness(slower));
        }
        return new Spill(slower != null && slower < SLOW ? Spill.Verdict.SUSPECTED : Spill.Verdict.SPILLED, evidence);
    }

    private static String slowness(double slower) {
        return text("a token takes %.1f times the time that smaller depths lead to expect", slower);
    }

    /** Growth of shared memory since the fork's start; null without a meter. */
    private @Nullable Double sharedGrowth(CellResult cell) {
        Double peak = value(cell, Metric.VRAM_SHARED_PEAK);
        if (peak == null) {
            return null;
        }
        Double start = cell.memory().phases().getOrDefault("start", Map.of()).get(Metric.VRAM_SHARED_PEAK.signal());
        return start == null ? peak : peak - start;
    }

    /**
     * The time per token over that expected by a line through the smaller depths: attention takes time in proportion to
     * the depth. Null with fewer than two smaller depths, or if those are on a full card, too.
     */
    private @Nullable Double slower(CellResult cell) {
        Long depth = depth(cell);
        Double seconds = secondsPerToken(cell);
        if (depth == null || seconds == null) {
            return null;
        }
        SimpleRegression line = new SimpleRegression();
        depths.getOrDefault(withoutDepth(cell), new TreeMap<>()).headMap(depth).forEach((smaller, other) -> {
            if (!isFull(other)) {
                line.addData(smaller, Objects.requireNonNull(secondsPerToken(other)));
            }
        });
        if (line.getN() < 2) {
            return null;
        }
        double slowest = line.getIntercept() + Math.max(0, line.getSlope()) * depth;
        return slowest > 0 ? seconds / slowest : null;
    }

    private boolean isFull(CellResult cell) {
        Observed observed = cell.memory().observed();
        Double used = used(cell);
        Double total = observed == null || observed.devices().isEmpty()
                ? null
                : total(cell, observed.devices().get(0));
        return used != null && total != null && used >= CEILING * total;
    }

    private static @Nullable Double used(CellResult cell) {
        Double used = value(cell, Metric.VRAM_PEAK);
        return used == null ? value(cell, Metric.VRAM_HOST_PEAK) : used;
    }

    private @Nullable Double total(CellResult cell, String device) {
        return places.apply(cell).llama().devices().stream()
                .filter(each -> each.name().equals(device))
                .map(Run.Device::totalMib)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Only for throughput and latency of tokens, which depend on the depth linearly. */
    private static @Nullable Double secondsPerToken(CellResult cell) {
        if (cell.status() != Status.OK || cell.score() == null || cell.score().value() <= 0) {
            return null;
        }
        return switch (cell.mode()) {
            case "thrpt" -> 1 / cell.score().value();
            case "sample" -> cell.score().value() / 1000;
            default -> null;
        };
    }

    private static @Nullable Long depth(CellResult cell) {
        Double depth = number(cell.params().get(CONTEXT_LENGTH));
        return depth == null ? null : depth.longValue();
    }

    private static List<Object> withoutDepth(CellResult cell) {
        Map<String, String> params = new HashMap<>(cell.params());
        params.remove(CONTEXT_LENGTH);
        return List.of(cell.benchmark(), params);
    }

    private static @Nullable Double number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,15}") ? Double.valueOf(text) : null;
    }

    private static @Nullable Double value(CellResult cell, Metric metric) {
        MetricValue value = cell.metrics().get(metric);
        return value == null ? null : value.value();
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
