package dev.headroom.fork;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.plan.Cell;
import dev.headroom.plan.Plan;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ForkTimeoutsTest {
    private static Cell cell(String text) {
        return Plan.parse("p", "p", text).cells().get(0);
    }

    private static ForkTimeouts limits(Cell cell, double slowness) {
        return ForkTimeouts.of(cell, new DurationEstimate(cell, 8_000_000_000L, 5_000_000_000L, false), slowness);
    }

    @Test
    void limitsOfThePlanAreUsed() {
        ForkTimeouts limits = limits(cell("benchmarks=TokenGeneration\ntimeLimit=90s\nstallLimit=5s"), 3);

        assertThat(limits).isEqualTo(new ForkTimeouts(Duration.ofSeconds(90), Duration.ofSeconds(5)));
    }

    /** 8 billion weights, 2,048 tokens behind 57,952 others, on two cores: minutes for one call of llama_decode. */
    @Test
    void defaultLimitsLeaveRoomForASlowMachine() {
        Cell cell = cell("benchmarks=TimeToFirstToken\ncontextLength=60000\nthreads=2\nwarmup=1\niterations=1");
        DurationEstimate estimate = new DurationEstimate(cell, 8_000_000_000L, 5_000_000_000L, false);
        ForkTimeouts limits = limits(cell, 1);

        assertThat(estimate.batch()).isBetween(Duration.ofMinutes(60), Duration.ofMinutes(120));
        assertThat(limits.total()).isGreaterThan(estimate.fork().multipliedBy(20));
        assertThat(limits.stall()).isGreaterThan(estimate.batch().multipliedBy(20));
    }

    @Test
    void limitsGrowWithMeasuredSlowness() {
        Cell cell = cell("benchmarks=TokenGeneration");

        assertThat(limits(cell, 4).total()).isGreaterThan(limits(cell, 1).total());
        assertThat(limits(cell, 0.1)).isEqualTo(limits(cell, 1));
    }

    @Test
    void iterationWithoutLlamaCppIsNotAStall() {
        Cell cell = cell("benchmarks=NativeCall\ntime=1h");

        assertThat(limits(cell, 1).stall()).isGreaterThan(Duration.ofHours(1));
    }
}
