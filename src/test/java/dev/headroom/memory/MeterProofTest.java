package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.llama.LlamaException;
import dev.headroom.memory.MeterProof.Trial;
import dev.headroom.memory.MeterProof.Verdict;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeterProofTest {
    private static final long MIB = 1 << 20;

    /** A place whose memory is a number, and a clock that only waiting moves. */
    private final AtomicLong held = new AtomicLong();

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

    private Place place(long free, long largest) {
        return new Place() {
            @Override
            public String name() {
                return "place";
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
            public Block take(long bytes) {
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

    private List<Trial> trials(LongUnaryOperator shown) {
        FakeMeter meter = new FakeMeter("vram.peak", () -> OptionalLong.of(1000 * MIB + shown.applyAsLong(held.get())));
        return new MeterProof(List.of(meter), clock).in(place(2000 * MIB, Long.MAX_VALUE));
    }

    @Test
    void aMeterThatTellsTheTruth() {
        List<Trial> trials = trials(LongUnaryOperator.identity());

        assertThat(trials).extracting(Trial::bytes).containsExactly(MIB, 16 * MIB, 256 * MIB, 500 * MIB);
        assertThat(trials).allSatisfy(trial -> {
            assertThat(trial.seen()).isEqualTo(trial.bytes());
            assertThat(trial.left()).isZero();
            assertThat(trial.latencyMillis()).hasValue(0);
        });
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.EXACT);
    }

    @Test
    void aMeterThatCountsInSteps() {
        List<Trial> trials = trials(bytes -> (bytes + 2 * MIB - 1) / (2 * MIB) * (2 * MIB));

        assertThat(trials.get(0).seen()).isEqualTo(2 * MIB);
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.FOLLOWS);
    }

    @Test
    void aMeterThatSeesNothing() {
        List<Trial> trials = trials(bytes -> 0);

        assertThat(trials).allSatisfy(trial -> assertThat(trial.latencyMillis()).isEmpty());
        assertThat(Verdict.of(trials)).isEqualTo(Verdict.BLIND);
    }

    @Test
    void aMeterThatSeesHalf() {
        assertThat(Verdict.of(trials(bytes -> bytes / 2))).isEqualTo(Verdict.MISLEADING);
    }

    @Test
    void aMeterThatShowsWhatWasRatherThanWhatIs() {
        AtomicLong shown = new AtomicLong();
        FakeMeter late = new FakeMeter("vram.peak", () -> {
            if (time.get() % 50_000_000 == 0) {
                shown.set(held.get());
            }
            return OptionalLong.of(shown.get());
        });

        List<Trial> trials = new MeterProof(List.of(late), clock).in(place(2000 * MIB, Long.MAX_VALUE));

        assertThat(Verdict.of(trials)).isEqualTo(Verdict.EXACT);
        assertThat(trials.get(1).latencyMillis().orElseThrow()).isBetween(0.0, 50.0);
    }

    @Test
    void aMeterWithoutAValueHasNoTrial() {
        FakeMeter silent = new FakeMeter("vram.peak", OptionalLong::empty);

        assertThat(new MeterProof(List.of(silent), clock).in(place(2000 * MIB, Long.MAX_VALUE)))
                .isEmpty();
    }

    @Test
    void aPlaceThatHasLessThanItSays() {
        Place small = new Place() {
            private final Place all = place(2000 * MIB, Long.MAX_VALUE);

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
            public Block take(long bytes) {
                if (bytes > 256 * MIB) {
                    throw new LlamaException("no room");
                }
                return all.take(bytes);
            }
        };
        FakeMeter meter = new FakeMeter("vram.peak", () -> OptionalLong.of(held.get()));
        MeterProof proof = new MeterProof(List.of(meter), clock);

        assertThat(proof.in(small)).extracting(Trial::bytes).containsExactly(MIB, 16 * MIB, 256 * MIB);
        assertThat(proof.notTried()).containsOnly(Map.entry("small, 500 MiB", "no room"));
    }

    @Test
    void costAndResolution() {
        FakeMeter meter = new FakeMeter("vram.peak", () -> {
            time.addAndGet(5_000);
            return OptionalLong.of(4096 * (1 + held.get() / 4096));
        });
        MeterProof proof = new MeterProof(List.of(meter), clock);

        assertThat(proof.resolution(meter)).isEmpty();
        assertThat(proof.costMicros(meter)).isEqualTo(5);
        proof.in(place(2000 * MIB, Long.MAX_VALUE));
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
    void sizesFitThePlace(long freeMib, long largestMib, String expected) {
        assertThat(MeterProof.sizes(place(freeMib * MIB, largestMib * MIB)).stream()
                        .map(size -> Long.toString(size / MIB))
                        .toList())
                .isEqualTo(expected.isEmpty() ? List.of() : List.of(expected.split(", ")));
    }

    /** Sizes and what was seen of them, in KiB. */
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
    void verdicts(long kib, long seenKib, Verdict expected) {
        Trial exact = new Trial("meter", Optional.empty(), "place", 256 * MIB, 256 * MIB, 0, OptionalDouble.of(0));
        Trial trial =
                new Trial("meter", Optional.empty(), "place", kib * 1024, seenKib * 1024, 0, OptionalDouble.empty());

        assertThat(Verdict.of(expected == Verdict.BLIND ? List.of(trial) : List.of(exact, trial)))
                .isEqualTo(expected);
    }
}
