package dev.headroom.memory;

import dev.headroom.llama.LlamaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Holds meters against the truth: takes memory of known sizes, touches, holds and frees it, and looks what they say.
 */
public final class MeterProof {
    private static final long MIB = 1 << 20;
    private static final List<Long> SIZES = List.of(MIB, 16 * MIB, 256 * MIB);

    /** A quarter of what is free, but no more than can be touched in some seconds. */
    private static final long LARGEST = 8192 * MIB;

    /** How long a meter may take until it shows what happened. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    /** A meter has seen a change when it shows this part of it. */
    private static final double MOST = 0.9;

    private static final int READS = 20;

    /** The JVM itself is never quite still: so much it moves in a trial, in bytes. */
    private static final long STILL = MIB / 4;

    private final List<Meter> meters;
    private final Sampler.Clock clock;
    private final Map<Meter, Long> divisors = new LinkedHashMap<>();
    private final Map<Meter, Long> last = new LinkedHashMap<>();
    private final Map<String, String> notTried = new LinkedHashMap<>();

    /** What one meter said of one block. */
    public record Trial(
            String meter,
            Optional<String> card,
            String place,
            long bytes,
            long seen,
            long left,
            OptionalDouble latencyMillis) {
        long error() {
            return Math.abs(seen - bytes);
        }
    }

    /** What a meter is worth in a place. */
    public enum Verdict {
        /** Off by no more than the JVM itself moves: 0.25 MiB, or a thousandth. */
        EXACT,
        /** Off by no more than 4 MiB or a tenth. */
        FOLLOWS,
        /** Shows nothing: this memory is not what it measures. */
        BLIND,
        /** Moves, but not as the memory does. */
        MISLEADING;

        /** From the trials of one meter in one place, at least one. */
        public static Verdict of(List<Trial> trials) {
            if (trials.stream().allMatch(trial -> trial.error() <= Math.max(STILL, trial.bytes() / 1000))) {
                return EXACT;
            }
            if (trials.stream().allMatch(trial -> Math.abs(trial.seen()) <= Math.max(STILL, trial.bytes() / 20))) {
                return BLIND;
            }
            return trials.stream().allMatch(trial -> trial.error() <= Math.max(4 * MIB, trial.bytes() / 10))
                    ? FOLLOWS
                    : MISLEADING;
        }
    }

    public MeterProof(List<Meter> meters) {
        this(meters, Sampler.Clock.SYSTEM);
    }

    MeterProof(List<Meter> meters, Sampler.Clock clock) {
        this.meters = meters;
        this.clock = clock;
    }

    /** What a reading of a meter costs, in µs, as the mean of some. */
    public double costMicros(Meter meter) {
        read(meter);
        long start = clock.nanoTime();
        for (int i = 0; i < READS; i++) {
            read(meter);
        }
        return (clock.nanoTime() - start) / 1e3 / READS;
    }

    /** The step in bytes in which a meter's values came so far; empty if they were all the same. */
    public OptionalLong resolution(Meter meter) {
        long step = divisors.getOrDefault(meter, 0L);
        return step == 0 ? OptionalLong.empty() : OptionalLong.of(step);
    }

    /** The sizes to try in a place: 1, 16, 256 MiB, and about a quarter of what is free. */
    static List<Long> sizes(Place place) {
        long quarter = Math.min(place.free() / 4, LARGEST) / MIB * MIB;
        long room = Math.min(place.free() / 2, place.largest());
        return Stream.concat(SIZES.stream(), Stream.of(Math.min(quarter, place.largest() / MIB * MIB)))
                .filter(size -> size > 0 && size <= room)
                .distinct()
                .toList();
    }

    /** Tries every size in a place. A meter that gives no value there has no trial; see {@link #notTried()} too. */
    public List<Trial> in(Place place) {
        List<Trial> trials = new ArrayList<>();
        List<Long> sizes = sizes(place);
        if (!sizes.isEmpty()) {
            tryOut(place, sizes.get(0)); // classes are loaded, drivers wake up
        }
        sizes.forEach(size -> trials.addAll(tryOut(place, size)));
        return trials;
    }

    /** Blocks that could not be had, by place and size, with the reason. */
    public Map<String, String> notTried() {
        return Collections.unmodifiableMap(notTried);
    }

    private List<Trial> tryOut(Place place, long size) {
        try {
            return trial(place, size);
        } catch (LlamaException | OutOfMemoryError e) {
            notTried.put(place.name() + ", " + size / MIB + " MiB", String.valueOf(e.getMessage()));
            return List.of();
        }
    }

    private List<Trial> trial(Place place, long size) {
        Map<Meter, Long> before = values(true);
        Map<Meter, Double> latencies = new LinkedHashMap<>();
        Map<Meter, Long> held;
        try (Place.Block block = place.take(size)) {
            block.touch();
            long touched = clock.nanoTime();
            do {
                held = values(false);
                double millis = (clock.nanoTime() - touched) / 1e6;
                held.forEach((meter, value) -> {
                    if (value - before.getOrDefault(meter, value) >= MOST * size) {
                        latencies.putIfAbsent(meter, millis);
                    }
                });
                clock.parkNanos(1_000_000);
            } while (latencies.size() < before.size() && clock.nanoTime() - touched < PATIENCE.toNanos());
        }
        Map<Meter, Long> after = values(true);
        for (long freed = clock.nanoTime();
                someLeft(after, before, size) && clock.nanoTime() - freed < PATIENCE.toNanos();
                after = values(true)) {
            clock.parkNanos(1_000_000);
        }
        List<Trial> trials = new ArrayList<>();
        for (Map.Entry<Meter, Long> entry : held.entrySet()) {
            Meter meter = entry.getKey();
            Long start = before.get(meter);
            Long end = after.get(meter);
            if (start != null && end != null) {
                Double latency = latencies.get(meter);
                trials.add(new Trial(
                        meter.name(),
                        meter.card(),
                        place.name(),
                        size,
                        entry.getValue() - start,
                        end - start,
                        latency == null ? OptionalDouble.empty() : OptionalDouble.of(latency)));
            }
        }
        return trials;
    }

    private static boolean someLeft(Map<Meter, Long> after, Map<Meter, Long> before, long size) {
        return after.entrySet().stream()
                .anyMatch(entry ->
                        entry.getValue() - before.getOrDefault(entry.getKey(), entry.getValue()) > (1 - MOST) * size);
    }

    /** What the meters say now; one that keeps a peak begins anew if asked to. */
    private Map<Meter, Long> values(boolean anew) {
        Map<Meter, Long> values = new LinkedHashMap<>();
        for (Meter meter : meters) {
            if (anew && meter instanceof PeakMeter peak) {
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
