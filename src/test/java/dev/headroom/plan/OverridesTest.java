package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.time.Duration;
import java.util.List;
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
    void noOptionChangesNothing() {
        assertThat(PLAN.with(Overrides.NONE)).isEqualTo(PLAN);
        assertThat(PLAN.with(params("", " "))).isEqualTo(PLAN);
    }

    @Test
    void everyOptionReplacesItsKey() {
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
                .containsOnly(new Settings(1, 0, 2, Duration.ofMillis(300), null, null, null));
    }

    @Test
    void anOptionForOneBenchmarkReplacesThatForAll() {
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
            --context     | 0           | contextLength is '0' (--context): give a whole number from 1 to 10000000.
            --context     | ,           | contextLength has an empty element: ',' (--context)
            --model       | smollm2     | model 'smollm2' is neither a file nor a synthetic model (--model)
            --environment | a/b         | environment is 'a/b' (--environment): give a name
            --benchmark   | TokenGeneratoin | --benchmark 'TokenGeneratoin' matches no benchmark (did you mean
            --benchmark   | (           | --benchmark '(' is not a regular expression
            --param       | modle=x     | Unknown key 'modle' (--param): choose one of
            --param       | kvType      | --param 'kvType' has no key: write key=value
            --param       | =f16        | --param '=f16' has no key: write key=value
            --param       | kvType=     | 'kvType' has no value (--param): write key=value.
            --forks       | many        | forks is 'many' (--forks): give a whole number from 1 to 1000.
            --warmup      | -1          | warmup is '-1' (--warmup): give a whole number from 0
            --iterations  | 1e3         | iterations is '1e3' (--iterations): give a whole number
            --time        | 2 s         | time is '2 s' (--time): give a time from 1ms to 1h, in ms, s, m or h.
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
    void aRepeatedKeyIsAnError() {
        assertThatThrownBy(() -> PLAN.with(params("batch=1024", "batch=2048")))
                .hasMessage("Key 'batch' occurs twice (--param): remove it here or in --param.");
        assertThatThrownBy(
                        () -> PLAN.with(new Overrides("", "512", "", "", List.of("contextLength=1"), "", "", "", "")))
                .hasMessage("Key 'contextLength' occurs twice (--param): remove it here or in --context.");
    }
}
