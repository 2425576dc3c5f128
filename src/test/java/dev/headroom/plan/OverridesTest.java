package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverridesTest {
    private static final Plan PLAN = Plan.parse(
            "p",
            "p.properties",
            "benchmarks=ModelLoad\nTokenGeneration.iterations=9\nTokenGeneration.time=2s\nforks=3\ncontextLength=512");

    private static Overrides params(String... params) {
        return new Overrides("", "", "", "", List.of(params), "", "", "", "");
    }

    @Test
    void nothingGivenChangesNothing() {
        assertThat(PLAN.with(Overrides.NONE)).isEqualTo(PLAN);
        assertThat(PLAN.with(params("", " "))).isEqualTo(PLAN);
    }

    @Test
    void everyOption() {
        Plan plan = PLAN.with(new Overrides(
                "/models/x.gguf",
                "8192,60000",
                "vm",
                "Token(Gen|Lat)",
                List.of("kvType=q8_0"),
                "1",
                "0",
                "2",
                "300ms"));

        assertThat(plan.cells().stream().map(Cell::id))
                .containsExactly(
                        "TokenGeneration-x.gguf-8192-environment_vm-kvType_q8_0",
                        "TokenGeneration-x.gguf-60000-environment_vm-kvType_q8_0",
                        "TokenLatency-x.gguf-8192-environment_vm-kvType_q8_0",
                        "TokenLatency-x.gguf-60000-environment_vm-kvType_q8_0");
        assertThat(plan.cells())
                .extracting(Cell::settings)
                .containsOnly(new Settings(
                        1, 0, 2, Duration.ofMillis(300), Optional.empty(), Optional.empty(), Optional.empty()));
    }

    @Test
    void oneBenchmarkAloneAfterAll() {
        Plan plan =
                PLAN.with(new Overrides("", "", "", "^Token", List.of("TokenLatency.iterations=7"), "", "", "2", ""));

        assertThat(plan.cells())
                .extracting(cell -> cell.settings().iterations())
                .containsExactly(2, 7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            --context     | 0           | --context: contextLength '0' is not a whole number from 1 to 10000000
            --context     | ,           | --context: contextLength has a comma with nothing beside it
            --model       | smollm2     | --model: model 'smollm2' is neither a file
            --environment | a/b         | --environment: environment 'a/b' may only have
            --benchmark   | TokenGeneratoin | --benchmark: 'TokenGeneratoin' matches no benchmark (did you mean TokenGeneration
            --benchmark   | (           | --benchmark: '(' is not a regular expression
            --param       | modle=x     | --param: unknown key 'modle' (did you mean model?)
            --param       | kvType      | --param 'kvType' is not key=value
            --param       | =f16        | --param '=f16' is not key=value
            --param       | kvType=     | --param: 'kvType' has no value
            --forks       | many        | --forks: forks 'many' is not a whole number from 1 to 1000
            --warmup      | -1          | --warmup: warmup '-1' is not a whole number from 0
            --iterations  | 1e3         | --iterations: iterations '1e3' is not a whole number
            --time        | 2 s         | --time: time '2 s' is not a time from 1ms to 1h
            """)
    void errorsNameTheOption(String option, String value, String message) {
        Overrides overrides = new Overrides(
                option.equals("--model") ? value : "",
                option.equals("--context") ? value : "",
                option.equals("--environment") ? value : "",
                option.equals("--benchmark") ? value : "",
                option.equals("--param") ? List.of(value) : List.of(),
                option.equals("--forks") ? value : "",
                option.equals("--warmup") ? value : "",
                option.equals("--iterations") ? value : "",
                option.equals("--time") ? value : "");

        assertThatThrownBy(() -> PLAN.with(overrides))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void theSameSettingTwiceIsAnError() {
        assertThatThrownBy(() -> PLAN.with(params("batch=1024", "batch=2048")))
                .hasMessage("--param: 'batch' is given by --param already, keep one");
        assertThatThrownBy(
                        () -> PLAN.with(new Overrides("", "512", "", "", List.of("contextLength=1"), "", "", "", "")))
                .hasMessage("--param: 'contextLength' is given by --context already, keep one");
    }
}
