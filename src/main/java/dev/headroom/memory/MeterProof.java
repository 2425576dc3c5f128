package dev.headroom.memory;

import dev.headroom.Units;
import dev.headroom.llama.LlamaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Tests meters against allocations of known sizes: each block is allocated, touched, held and freed. */
public final class MeterProof {
    private static final long MIB = (long) Units.MIB;
    private static final List<Long> SIZES = List.of(MIB, 16 * MIB, 256 * MIB);

    /** From this size in bytes, only meters that have shown a smaller block are waited for: others are blind. */
    private static final long LARGE = 256 * MIB;

    /** Limit of the largest block in bytes: more takes too many seconds to touch. */
    private static final long LARGEST = 8192 * MIB;

    /** Longest time until a meter must show a change. */
    private static final Duration TIMEOUT = Duration.ofMillis(500);

    /** A meter shows a change once it shows this share of it. */
    private static final double SHOWN = 0.9;

    private static final int READS = 20;

    /** Number of attempts at a block whose first trial was disturbed. The median of the attempts counts. */
    private static final int ATTEMPTS = 3;

    /** Memory in bytes by which the JVM itself may grow or shrink during a trial. */
    private static final long JVM_NOISE = MIB / 4;

    /** Error in bytes of a meter that still follows a small block. */
    private static final long FOLLOWS_WITHIN = 4 * MIB;

    private final List<Meter> meters;
    private final Sampler.Clock clock;
    private final Map<Meter, Long> divisors = new LinkedHashMap<>();
    private final Map<Meter, Long> last = new LinkedHashMap<>();
    private long moved;
    private final Set<Meter> responsive = new HashSet<>();
    private final Map<String, String> notTried = new LinkedHashMap<>();

    /**
     * One meter's reaction to one block.
     *
     * @param card PCI id; null if the meter measures no single card
     * @param target name of the {@link ProofTarget}
     * @param bytes size of the block
     * @param rise growth of the meter while the block was held, in bytes
     * @param remaining growth of the meter that was left after the block was freed, in bytes
     * @param latencyMillis time until the meter showed 90 % of the block; null: never
     */
    public record Trial(
            String meter,
            @Nullable String card,
            String target,
            long bytes,
            long rise,
            long remaining,
            @Nullable Double latencyMillis) {
        /** Difference between size and rise in bytes, never negative. */
        public long error() {
            return Math.abs(rise - bytes);
        }

        boolean isExact() {
            return error() <= Math.max(JVM_NOISE, bytes / 1000);
        }

        /** True if something else of this process or machine may have caused the error. */
        boolean isDisturbed() {
            return !isExact() && error() <= FOLLOWS_WITHIN && Math.abs(rise) > JVM_NOISE;
        }
    }

    /** Quality of a meter on one target. */
    public enum Verdict {
        /** The error is at most 0.25 MiB, which is the noise of the JVM, or 0.1 %. */
        EXACT,
        /** The error is at most 4 MiB or 10 %. */
        FOLLOWS,
        /** The meter shows nothing: it does not measure this memory. */
        BLIND,
        /** The meter changes, but differently from the memory. */
        MISLEADING;

        /**
         * The verdict on one meter and one target.
         *
         * @param trials trials of that meter on that target, at least one
         */
        public static Verdict of(List<Trial> trials) {
            if (trials.stream().allMatch(Trial::isExact)) {
                return EXACT;
            }
            if (trials.stream().allMatch(trial -> Math.abs(trial.rise()) <= Math.max(JVM_NOISE, trial.bytes() / 20))) {
                return BLIND;
            }
            return trials.stream().allMatch(trial -> trial.error() <= Math.max(FOLLOWS_WITHIN, trial.bytes() / 10))
                    ? FOLLOWS
                    : MISLEADING;
        }
    }

    /** Creates a proof of some open meters. */
    public MeterProof(List<Meter> meters) {
        this(meters, Sampler.Clock.SYSTEM);
    }

    MeterProof(List<Meter> meters, Sampler.Clock clock) {
        this.meters = meters;
        this.clock = clock;
    }

    /** Mean duration of a reading in µs. */
    public double costMicros(Meter meter) {
        read(meter);
        long start = clock.nanoTime();
        for (int i = 0; i < READS; i++) {
            read(meter);
        }
        return (clock.nanoTime() - start) / 1e3 / READS;
    }

    /** The step in bytes that divides all changes of a meter so far. Empty if there was no change. */
    public OptionalLong resolution(Meter meter) {
        long step = divisors.getOrDefault(meter, 0L);
        return step == 0 ? OptionalLong.empty() : OptionalLong.of(step);
    }

    /** The block sizes for a target: 1, 16 and 256 MiB, and about a quarter of its free memory. */
    static List<Long> sizes(ProofTarget target) {
        long quarter = Math.min(target.free() / 4, LARGEST) / MIB * MIB;
        long limit = Math.min(target.free() / 2, target.largest());
        return Stream.concat(SIZES.stream(), Stream.of(Math.min(quarter, target.largest() / MIB * MIB)))
                .filter(size -> size > 0 && size <= limit)
                .distinct()
                .toList();
    }

    /**
     * Tries all block sizes on a target. A meter without a value has no trial. A block that cannot be allocated has no
     * trials: see {@link #notTried}.
     */
    public List<Trial> on(ProofTarget target) {
        List<Trial> trials = new ArrayList<>();
        List<Long> sizes = sizes(target);
        if (!sizes.isEmpty()) {
            long movedBefore = moved;
            tryOut(target, sizes.get(0)); // warm-up: loads classes, wakes drivers, takes the driver context
            moved = movedBefore;
            responsive.clear();
        }
        sizes.forEach(size -> trials.addAll(median(target, size)));
        return trials;
    }

    /**
     * The largest change in bytes of a device's meter that the blocks do not explain: other programs use that device.
     * Their changes make trials useless, and steps of the meter incredible. A driver that frees late does not count.
     */
    public long moved() {
        return moved;
    }

    /**
     * One trial for each meter. A disturbed one is repeated, because the JVM's own memory may have changed meanwhile.
     */
    private List<Trial> median(ProofTarget target, long size) {
        List<Trial> first = tryOut(target, size);
        if (first.stream().noneMatch(Trial::isDisturbed)) {
            return first;
        }
        List<Trial> attempts = new ArrayList<>(first);
        for (int i = 1; i < ATTEMPTS; i++) {
            attempts.addAll(tryOut(target, size));
        }
        return attempts.stream()
                .collect(Collectors.groupingBy(
                        trial -> Arrays.asList(trial.meter(), trial.card()), LinkedHashMap::new, Collectors.toList()))
                .values()
                .stream()
                .map(of -> of.stream()
                        .sorted(Comparator.comparingLong(Trial::error))
                        .toList()
                        .get(of.size() / 2))
                .toList();
    }

    /**
     * The reason for each block that could not be allocated. A key is the target and the size, {@code host, 16 MiB}.
     */
    public Map<String, String> notTried() {
        return Collections.unmodifiableMap(notTried);
    }

    private List<Trial> tryOut(ProofTarget target, long size) {
        try {
            return trial(target, size);
        } catch (LlamaException | OutOfMemoryError e) {
            notTried.put(target.name() + ", " + size / MIB + " MiB", String.valueOf(e.getMessage()));
            return List.of();
        }
    }

    private List<Trial> trial(ProofTarget target, long size) {
        Map<Meter, Long> earlier = Map.copyOf(last);
        Map<Meter, Long> before = values(true);
        before.forEach((meter, value) -> noteOthers(meter, value - earlier.getOrDefault(meter, value)));
        Map<Meter, Double> latencies = new LinkedHashMap<>();
        Map<Meter, Long> held;
        try (ProofTarget.Block block = target.allocate(size)) {
            block.touch();
            long touched = clock.nanoTime();
            do {
                held = values(false);
                double millis = (clock.nanoTime() - touched) / 1e6;
                held.forEach((meter, value) -> {
                    long start = before.getOrDefault(meter, value);
                    noteOthers(meter, Math.max(value - start - size, start - value));
                    if (value - before.getOrDefault(meter, value) >= SHOWN * size) {
                        latencies.putIfAbsent(meter, millis);
                    }
                });
                clock.parkNanos(1_000_000);
            } while (!latencies.keySet().containsAll(size < LARGE ? before.keySet() : responsive)
                    && clock.nanoTime() - touched < TIMEOUT.toNanos());
        }
        responsive.addAll(latencies.keySet());
        Map<Meter, Long> after = values(true);
        for (long freed = clock.nanoTime();
                someRemains(after, before, size) && clock.nanoTime() - freed < TIMEOUT.toNanos();
                after = values(true)) {
            clock.parkNanos(1_000_000);
        }
        List<Trial> trials = new ArrayList<>();
        for (Map.Entry<Meter, Long> entry : held.entrySet()) {
            Meter meter = entry.getKey();
            Long start = before.get(meter);
            Long end = after.get(meter);
            if (start != null && end != null) {
                trials.add(new Trial(
                        meter.name(),
                        meter.card().orElse(null),
                        target.name(),
                        size,
                        entry.getValue() - start,
                        end - start,
                        latencies.get(meter)));
            }
        }
        return trials;
    }

    /** Notes a change of a device's memory that this process did not cause. */
    private void noteOthers(Meter meter, long bytes) {
        if (meter.signal().scope() == Meter.Scope.DEVICE) {
            moved = Math.max(moved, bytes);
        }
    }

    private static boolean someRemains(Map<Meter, Long> after, Map<Meter, Long> before, long size) {
        return after.entrySet().stream()
                .anyMatch(entry ->
                        entry.getValue() - before.getOrDefault(entry.getKey(), entry.getValue()) > (1 - SHOWN) * size);
    }

    /** @param reset whether peak meters are reset first */
    private Map<Meter, Long> values(boolean reset) {
        Map<Meter, Long> values = new LinkedHashMap<>();
        for (Meter meter : meters) {
            if (reset && meter instanceof PeakMeter peak) {
                peak.reset();
            }
            read(meter).ifPresent(value -> values.put(meter, value));
        }
        return values;
    }

    private OptionalLong read(Meter meter) {
        OptionalLong value = meter.read();
        value.ifPresent(now -> {
            Long previous = last.put(meter, now);
            if (previous != null) {
                divisors.merge(meter, Math.abs(now - previous), MeterProof::commonDivisor);
            }
        });
        return value;
    }

    private static long commonDivisor(long a, long b) {
        return b == 0 ? a : commonDivisor(b, a % b);
    }
}
