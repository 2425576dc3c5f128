package dev.headroom.place;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.fork.DurationEstimate;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.GgufException;
import dev.headroom.gguf.GgufMutants;
import dev.headroom.plan.Benchmark;
import dev.headroom.plan.Cell;
import dev.headroom.plan.ModelName;
import dev.headroom.plan.Plan;
import dev.headroom.result.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {
    @Test
    void everyReadableModelIsAccepted(@TempDir Path folder) throws IOException {
        GgufMutants.forEach(7, 300, folder, (number, file) -> {
            Gguf header;
            try {
                header = Gguf.read(file);
            } catch (GgufException e) {
                return;
            }
            Run.Model model = PlaceInspection.model(new ModelName(file.toString()), header);
            assertThat(model.parameters()).isNotNegative();
            if (model.trainedContextLength() != null) {
                assertThat(model.trainedContextLength()).isPositive();
            }
        });
    }

    /** However long each cell would take, a plan's estimates can be added up. */
    @Test
    void estimateOfTheLargestPlanDoesNotOverflow() {
        Cell cell = Plan.parse(
                        "absurd",
                        "test",
                        "benchmarks=TimeToFirstToken\ncontextLength=10000000\nforks=1000\niterations=100000\n")
                .cells()
                .get(0);
        assertThat(cell.benchmark()).isEqualTo(Benchmark.TIME_TO_FIRST_TOKEN);

        Duration one = new DurationEstimate(cell, Long.MAX_VALUE, Long.MAX_VALUE, false).duration();

        assertThat(one).isPositive();
        assertThat(one.multipliedBy(10_000).toMillis()).isPositive();
    }
}
