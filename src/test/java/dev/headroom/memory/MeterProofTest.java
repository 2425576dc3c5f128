package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.LlamaException;
import dev.headroom.memory.MeterProof.Trial;
import dev.headroom.memory.MeterProof.Verdict;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeterProofTest {
    private static final long MIB = 1 << 20;

    /** Allocated bytes of a fake target. */
    private final AtomicLong held = new AtomicLong();

    /** Time of a fake clock, which moves only during a wait. */
    private final AtomicLong time = new AtomicLong();

    private final Sampler.Clock clock = new Sampler.Clock() {
        @Override
        public long nanoTime() {
            return time.get();
        }

        @Override
        public void parkNanos(long nanos) {
            time.addAndGet(nanos);
        }
    };

    private ProofTarget target(long free, long largest) {
        return new ProofTarget() {
            @Override
            public String name() {
                return "target";
            }

            @Override
            public long free() {
                return free;
            }

            @Override
            public long largest() {
                return largest;
            }

            @Override
            public Block allocate(long bytes) {
                return new Block() {
                    @Override
                    public void touch() {
                        held.addAndGet(bytes);
                    }

                    @Override
                    public void close() {
                        held.addAndGet(-bytes);
                    }
                };
            }
        };
    }

    /** A meter of a whole card. */
    private static FakeMeter deviceMeter(LongSupplier bytes) {
        return new FakeMeter(Metric.VRAM_PEAK, () -> OptionalLong.of(bytes.getAsLong())) {
            @Override
            public Signal signal() {
                return new Signal("fake", Metric.VRAM_PEAK, Scope.DEVICE, Semantics.RESIDENT);
            }
        };
    }

    private List<Trial> trials(LongUnaryOperator shown) {
        FakeMeter meter =
                new FakeMeter(Metric.VRAM_PEAK, () -> OptionalLong.of(1000 * MIB + shown.applyAsLong(held.get())));
        return new MeterProof(List.of(meter), clock).on(target(2000 * MIB, Long.MAX_VALUE));
    }

    @Test
    void correctMeterIsExact() {
        List<Trial> trials = trials(LongUnaryOperator.identity());

        assertThat(trials).extracting(Trial::bytes).containsExactly(MIB, 16 * MIB, 256 * MIB, 500 * MIB);
        assertThat(trials).allSatisfy(trial -> {
            assertThat(trial.rise()).isEqualTo(trial.bytes());
            assertThat(trial.remaining()).isZero();
            assertThat(trial.latencyMillis()).isZero();
        });
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.EXACT);
    }

    @Test
    void meterWithCoarseStepsFollows() {
        List<Trial> trials = trials(bytes -> (bytes + 2 * MIB - 1) / (2 * MIB) * (2 * MIB));

        assertThat(trials.get(0).rise()).isEqualTo(2 * MIB);
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.FOLLOWS);
    }

    @Test
    void disturbanceOfOneTrialDoesNotCount() {
        AtomicLong disturbances = new AtomicLong();

        List<Trial> trials =
                trials(bytes -> bytes == 16 * MIB && disturbances.getAndIncrement() == 0 ? bytes + MIB : bytes);

        assertThat(disturbances).hasPositiveValue();
        assertThat(trials).extracting(Trial::bytes).containsExactly(MIB, 16 * MIB, 256 * MIB, 500 * MIB);
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.EXACT);
    }

    /** Another program takes 4,000 MiB of the device at every second reading. */
    @Test
    void growthByOtherProgramsIsNoticed() {
        AtomicLong readings = new AtomicLong();
        FakeMeter device = deviceMeter(() -> 1000 * MIB + readings.getAndIncrement() % 2 * 4000 * MIB + held.get());
        MeterProof proof = new MeterProof(List.of(device), clock);

        proof.on(target(2000 * MIB, Long.MAX_VALUE));

        assertThat(proof.moved()).isEqualTo(4000 * MIB);
    }

    /** Another program takes 4,000 MiB while a block is held, and frees them while the next block is held. */
    @Test
    void changeByOtherProgramsDuringTrialsIsNoticed() {
        AtomicLong others = new AtomicLong();
        AtomicLong lastHeld = new AtomicLong();
        FakeMeter device = deviceMeter(() -> {
            if (held.get() > 0 && lastHeld.get() == 0) {
                others.set(4000 * MIB - others.get());
            }
            lastHeld.set(held.get());
            return 1000 * MIB + held.get() + others.get();
        });
        MeterProof proof = new MeterProof(List.of(device), clock);

        proof.on(target(2000 * MIB, Long.MAX_VALUE));

        assertThat(proof.moved()).isEqualTo(4000 * MIB);
    }

    /** The process opens the device between the trials on the host and those on the device. */
    @Test
    void driverContextOfThisProcessIsNoOtherProgram() {
        AtomicLong context = new AtomicLong();
        MeterProof proof = new MeterProof(List.of(deviceMeter(() -> 1000 * MIB + held.get() + context.get())), clock);

        proof.on(target(2000 * MIB, Long.MAX_VALUE));
        context.set(150 * MIB);
        proof.on(target(2000 * MIB, Long.MAX_VALUE));

        assertThat(proof.moved()).isZero();
    }

    @Test
    void quietDeviceDoesNotMove() {
        MeterProof proof = new MeterProof(List.of(deviceMeter(() -> 1000 * MIB + held.get())), clock);

        proof.on(target(2000 * MIB, Long.MAX_VALUE));

        assertThat(proof.moved()).isZero();
    }

    @Test
    void errorOfEachTrialCounts() {
        assertThat(Verdict.of(trials(bytes -> bytes == 16 * MIB ? bytes + MIB : bytes)))
                .isEqualTo(Verdict.FOLLOWS);
    }

    @Test
    void meterWithoutAChangeIsBlind() {
        List<Trial> trials = trials(bytes -> 0);

        assertThat(trials).allSatisfy(trial -> assertThat(trial.latencyMillis()).isNull());
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.BLIND);
    }

    @Test
    void meterThatShowsHalfIsMisleading() {
        assertThat(Verdict.of(trials(bytes -> bytes / 2))).isEqualTo(Verdict.MISLEADING);
    }

    @Test
    void delayedMeterIsExactWithALatency() {
        AtomicLong shown = new AtomicLong();
        FakeMeter delayed = new FakeMeter(Metric.VRAM_PEAK, () -> {
            if (time.get() % 50_000_000 == 0) {
                shown.set(held.get());
            }
            return OptionalLong.of(shown.get());
        });

        List<Trial> trials = new MeterProof(List.of(delayed), clock).on(target(2000 * MIB, Long.MAX_VALUE));

        assertThat(Verdict.of(trials)).isEqualTo(Verdict.EXACT);
        assertThat(trials.get(1).latencyMillis()).isBetween(0.0, 50.0);
    }

    @Test
    void meterWithoutAValueHasNoTrial() {
        FakeMeter silent = new FakeMeter(Metric.VRAM_PEAK, OptionalLong::empty);

        assertThat(new MeterProof(List.of(silent), clock).on(target(2000 * MIB, Long.MAX_VALUE)))
                .isEmpty();
    }

    @Test
    void failedAllocationIsReported() {
        ProofTarget small = new ProofTarget() {
            private final ProofTarget all = target(2000 * MIB, Long.MAX_VALUE);

            @Override
            public String name() {
                return "small";
            }

            @Override
            public long free() {
                return all.free();
            }

            @Override
            public long largest() {
                return all.largest();
            }

            @Override
            public Block allocate(long bytes) {
                if (bytes > 256 * MIB) {
                    throw new LlamaException("out of memory");
                }
                return all.allocate(bytes);
            }
        };
        FakeMeter meter = new FakeMeter(Metric.VRAM_PEAK, () -> OptionalLong.of(held.get()));
        MeterProof proof = new MeterProof(List.of(meter), clock);

        assertThat(proof.on(small)).extracting(Trial::bytes).containsExactly(MIB, 16 * MIB, 256 * MIB);
        assertThat(proof.notTried()).containsOnly(Map.entry("small, 500 MiB", "out of memory"));
    }

    @Test
    void measuresCostAndResolution() {
        FakeMeter meter = new FakeMeter(Metric.VRAM_PEAK, () -> {
            time.addAndGet(5_000);
            return OptionalLong.of(4096 * (1 + held.get() / 4096));
        });
        MeterProof proof = new MeterProof(List.of(meter), clock);

        assertThat(proof.resolution(meter)).isEmpty();
        assertThat(proof.costMicros(meter)).isEqualTo(5);
        proof.on(target(2000 * MIB, Long.MAX_VALUE));
        assertThat(proof.resolution(meter)).hasValue(MIB);
    }

    @ParameterizedTest
    @CsvSource({
        "2000, 100000, '1, 16, 256, 500'",
        "100000, 100000, '1, 16, 256, 8192'",
        "100000, 4000, '1, 16, 256, 4000'",
        "1024, 100000, '1, 16, 256'",
        "64, 100000, '1, 16'",
        "0, 100000, ''",
    })
    void sizesFitTheTarget(long freeMib, long largestMib, String expected) {
        assertThat(MeterProof.sizes(target(freeMib * MIB, largestMib * MIB)).stream()
                        .map(size -> Long.toString(size / MIB))
                        .toList())
                .isEqualTo(expected.isEmpty() ? List.of() : List.of(expected.split(", ")));
    }

    /** Sizes and rises in KiB. */
    @ParameterizedTest
    @CsvSource({
        "1024, 1270, EXACT",
        "1024, 1300, FOLLOWS",
        "1024, 0, FOLLOWS",
        "262144, 262000, EXACT",
        "262144, 240000, FOLLOWS",
        "262144, 200000, MISLEADING",
        "262144, 5000, BLIND",
        "262144, -40000, MISLEADING",
    })
    void verdictFollowsFromTheError(long kib, long riseKib, Verdict expected) {
        Trial exact = new Trial("meter", null, "target", 256 * MIB, 256 * MIB, 0, 0.0);
        Trial trial = new Trial("meter", null, "target", kib * 1024, riseKib * 1024, 0, null);

        assertThat(Verdict.of(expected == Verdict.BLIND ? List.of(trial) : List.of(exact, trial)))
                .isEqualTo(expected);
    }
}
