package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
    private static Plan plan(String... lines) {
        return Plan.parse("p", "p.properties", String.join("\n", lines));
    }

    private static List<String> ids(Plan plan) {
        return plan.cells().stream().map(Cell::id).toList();
    }

    private static Cell cell(Plan plan, String id) {
        return plan.cells().stream().filter(c -> c.id().equals(id)).findFirst().orElseThrow();
    }

    @Test
    void anEmptyPlanIsEveryBenchmarkOnceWithDefaults() {
        Plan plan = plan("");

        assertThat(ids(plan))
                .containsExactly(
                        "PromptProcessing-synthetic-smollm2-135m-q4_0-512",
                        "TokenGeneration-synthetic-smollm2-135m-q4_0-512",
                        "TokenLatency-synthetic-smollm2-135m-q4_0-512",
                        "TimeToFirstToken-synthetic-smollm2-135m-q4_0-512",
                        "ModelLoad-synthetic-smollm2-135m-q4_0",
                        "ContextCreation-synthetic-smollm2-135m-q4_0-512",
                        "NativeCall");
        assertThat(plan.description()).isEmpty();
        assertThat(plan.cells().get(0).parameters().toString())
                .isEqualTo("{model=synthetic-smollm2-135m-q4_0, contextLength=512, environment=local, gpuLayers=-1,"
                        + " kvType=f16, flashAttention=auto, batch=2048, ubatch=512, threads=0}");
        assertThat(plan.cells().get(0).settings())
                .isEqualTo(new Settings(
                        3, 2, 5, Duration.ofSeconds(1), Optional.empty(), Optional.empty(), Optional.empty()));
    }

    @Test
    void aBenchmarkHasOnlyItsOwnParameters() {
        Plan plan = plan("kvType=f16,q8_0", "gpuLayers=0,-1", "benchmarks=ModelLoad,NativeCall,ContextCreation");

        assertThat(ids(plan))
                .containsExactly(
                        "ModelLoad-synthetic-smollm2-135m-q4_0-gpuLayers_0",
                        "ModelLoad-synthetic-smollm2-135m-q4_0-gpuLayers_-1",
                        "NativeCall",
                        "ContextCreation-synthetic-smollm2-135m-q4_0-512-gpuLayers_0-kvType_f16",
                        "ContextCreation-synthetic-smollm2-135m-q4_0-512-gpuLayers_0-kvType_q8_0",
                        "ContextCreation-synthetic-smollm2-135m-q4_0-512-gpuLayers_-1-kvType_f16",
                        "ContextCreation-synthetic-smollm2-135m-q4_0-512-gpuLayers_-1-kvType_q8_0");
        assertThat(cell(plan, "NativeCall").parameters().toString()).isEqualTo("{environment=local}");
        assertThat(cell(plan, "NativeCall").model()).isEmpty();
    }

    @Test
    void whatIsSaidForOneBenchmarkComesBeforeWhatIsSaidForAll() {
        Plan plan = plan(
                "TokenGeneration.time=300ms",
                "TokenGeneration.sampling=5ms",
                "TokenGeneration.timeLimit=2h",
                "TimeToFirstToken.stallLimit=168h",
                "TokenGeneration.contextLength=60000",
                "benchmarks=TokenGeneration, TimeToFirstToken",
                "contextLength=512",
                "forks=2",
                "warmup=0",
                "TimeToFirstToken.iterations=3",
                "time=1m");

        assertThat(ids(plan))
                .containsExactly(
                        "TokenGeneration-synthetic-smollm2-135m-q4_0-60000",
                        "TimeToFirstToken-synthetic-smollm2-135m-q4_0-512");
        assertThat(plan.cells().get(0).settings())
                .isEqualTo(new Settings(
                        2,
                        0,
                        5,
                        Duration.ofMillis(300),
                        Optional.of(Duration.ofMillis(5)),
                        Optional.of(Duration.ofHours(2)),
                        Optional.empty()));
        assertThat(plan.cells().get(1).settings())
                .isEqualTo(new Settings(
                        2,
                        0,
                        3,
                        Duration.ofMinutes(1),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Duration.ofDays(7))));
    }

    @Test
    void aPlanForElsewhereNamesFilesByTheirAbsolutePaths() {
        Plan plan = plan(
                        "model=a.gguf,\"b,c.gguf\",synthetic-stories-15m-q8_0",
                        "ModelLoad.model=sub/../d.gguf",
                        "benchmarks=ModelLoad,ContextCreation",
                        "time=1s")
                .anywhere();

        String here = Path.of("").toAbsolutePath().toString();
        assertThat(plan.entries())
                .extracting(Entry::value)
                .contains(here + File.separator + "d.gguf", "1s")
                .anyMatch(value -> value.equals(here + File.separator + "a.gguf,\"" + here + File.separator
                        + "b,c.gguf\",synthetic-stories-15m-q8_0"));
        assertThat(plan.anywhere()).isEqualTo(plan);
    }

    @Test
    void aModelIsAFileOrSynthetic() {
        Plan plan = plan("benchmarks=ModelLoad", "model=/models/Qwen 3,(1).gguf".replace(",", ""), "");
        Cell cell = plan.cells().get(0);

        assertThat(cell.id()).isEqualTo("ModelLoad-Qwen_3_1_.gguf");
        assertThat(cell.value(Parameter.MODEL)).isEqualTo("Qwen_3_1_.gguf");
        assertThat(cell.model()).hasValueSatisfying(model -> {
            assertThat(model.isFile()).isTrue();
            assertThat(model.file()).hasToString("/models/Qwen 3(1).gguf");
        });
    }

    @Test
    void quotesKeepCommasTogether() {
        Plan plan = plan("benchmarks=ModelLoad", "model=\"/a/b,c.gguf\" , x.gguf");

        assertThat(ids(plan)).containsExactly("ModelLoad-b_c.gguf", "ModelLoad-x.gguf");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
            contextlength=1          | p.properties, line 2: unknown key 'contextlength' (did you mean contextLength?)
            TokenGenration.time=1s   | line 2: unknown key 'TokenGenration.time' (did you mean TokenGeneration.time
            zzzzzzzzzzzzzzzz=1       | unknown key 'zzzzzzzzzzzzzzzz'; the keys are description, benchmarks, model,
            contextLength=0          | line 2: contextLength '0' is not a whole number from 1 to 10000000
            contextLength=-512       | contextLength '-512' is not a whole number
            contextLength=512,,4096  | contextLength has a comma with nothing beside it
            contextLength=512,512    | contextLength '512,512' has a value twice
            contextLength=512,0512   | has a value twice
            contextLength=8k         | contextLength '8k' is not a whole number
            contextLength=99999999999999999999 | is not a whole number from 1 to 10000000
            contextLength=10000001   | is not a whole number from 1 to 10000000
            contextLength=           | contextLength has no value
            contextLength="512       | has a stray quotation mark
            contextLength=5"1"2      | has a stray quotation mark
            kvType=q8_9              | kvType 'q8_9' is unknown (did you mean q8_0?); it takes f32, f16, bf16, q8_0
            flashAttention=true      | flashAttention 'true' is unknown; it takes auto, on, off
            batch=256                | ubatch 512 is larger than batch 256; it is a part of it, set both
            ubatch=4096              | line 2: ubatch 4096 is larger than batch 2048
            gpuLayers=-2             | gpuLayers '-2' is not a whole number from -1 to
            threads=-1               | threads '-1' is not a whole number from 0
            forks=0                  | forks '0' is not a whole number from 1 to 1000
            forks=1001               | forks '1001' is not
            forks=1,2                | forks '1,2' is not a whole number
            warmup=-1                | warmup '-1' is not a whole number from 0
            iterations=0             | iterations '0' is not a whole number from 1 to 100000
            NativeCall.iterations=x  | NativeCall.iterations 'x' is not a whole number
            time=0ms                 | time '0ms' is not a time from 1ms to 1h, like 300ms, 2s or 1m
            time=61m                 | time '61m' is not a time
            time=1.5s                | time '1.5s' is not a time
            time=2                   | time '2' is not a time
            time=999999999h          | is not a time from 1ms to 1h
            timeLimit=999ms          | timeLimit '999ms' is not a time from 1s to 168h, like 10m or 2h
            stallLimit=169h          | stallLimit '169h' is not a time from 1s to 168h
            sampling=2s              | sampling '2s' is not a time from 1ms to 1s, like 10ms
            environment=my machine   | environment 'my machine' may only have letters
            benchmarks=TokenGen      | benchmarks 'TokenGen' is unknown; it takes PromptProcessing,
            benchmarks=tokengeneration | benchmarks 'tokengeneration' is unknown (did you mean TokenGeneration
            benchmarks=ModelLoad,ModelLoad | benchmarks has a name twice
            model=smollm2-135m       | model 'smollm2-135m' is neither a file (a path with / in it, or ending in .gguf) nor
            model=synthetic-         | model 'synthetic-' is neither a file
            model=/                  | model '/' names no file
            model=C:\\models\\x.gguf    | is not a path; in a properties file a backslash is written twice
            model=C:\\users\\x.gguf    | line 2: \\u starts an escape of four hexadecimal digits
            model=/a/x.gguf,/b/X.gguf | models '/a/x.gguf' and '/b/X.gguf' would both be called X.gguf
            ModelLoad.time=1s        | ModelLoad.time means nothing, ModelLoad is a single shot; use ModelLoad.iterations
            NativeCall.model=x.gguf  | NativeCall has no parameter model, only environment
            ModelLoad.kvType=f16     | ModelLoad has no parameter kvType, only model, environment, gpuLayers
            TokenGeneration.description=x | unknown key 'TokenGeneration.description'
            description=b            | key 'description' was there before (p.properties, line 1), keep one
            """)
    void errorsNameFileLineAndRemedy(String line, String message) {
        assertThatThrownBy(() -> plan("description=a", line))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageStartingWith("p.properties, line 2: ")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void errorsInWhatIsNotRunAreErrorsToo() {
        assertThatThrownBy(() -> plan("benchmarks=NativeCall", "TokenGeneration.kvType=x"))
                .isInstanceOf(BadInput.class);
    }

    @Test
    void aMillionTokensIsLegalHere() {
        assertThat(plan("contextLength=1000000", "benchmarks=ContextCreation").cells())
                .hasSize(1);
    }

    @Test
    void listsThatMultiplyBeyondReasonAreRefusedAtOnce() {
        String many = Stream.iterate(1, n -> n + 1)
                .limit(4000)
                .map(String::valueOf)
                .reduce((a, b) -> a + "," + b)
                .orElseThrow();

        assertThatThrownBy(() -> plan("contextLength=" + many, "threads=" + many, "gpuLayers=" + many))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("line 1: the plan has more than 10000 cells");
    }

    @Test
    void idsAreSafeUniqueAndNotTooLong() {
        String file = "m".repeat(240) + ".gguf";
        Plan plan =
                plan("model=ü/" + file + ",x/" + "n".repeat(240) + ".gguf", "environment=local,a,A", "kvType=f16,q8_0");

        List<String> ids = new ArrayList<>(ids(plan));
        assertThat(ids).hasSize(5 * 12 + 6 + 3).allSatisfy(id -> assertThat(id).matches("[A-Za-z0-9._-]{1,200}"));
        assertThat(ids.stream().map(id -> id.toLowerCase(Locale.ROOT))).doesNotHaveDuplicates();
        assertThat(ids(plan(plan.entries().stream()
                        .map(e -> e.key() + "=" + e.value())
                        .toArray(String[]::new))))
                .isEqualTo(ids);
    }

    @Test
    void aKnownValueReplacesAStandInAndKeepsTheId() {
        Cell cell = plan("benchmarks=NativeCall").cells().get(0).with(Parameter.ENVIRONMENT, "vm-linux");

        assertThat(cell.id()).isEqualTo("NativeCall");
        assertThat(cell.value(Parameter.ENVIRONMENT)).isEqualTo("vm-linux");
        assertThatThrownBy(() -> cell.with(Parameter.MODEL, "x")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"de-DE", "tr-TR", "ar-EG"})
    void readsTheSameInEveryLocale(String tag) {
        Locale before = Locale.getDefault();
        Plan expected = plan("kvType=q8_0", "contextLength=60000", "time=1500ms");
        List<String> ids = ids(expected);
        try {
            Locale.setDefault(Locale.forLanguageTag(tag));
            Plan plan = plan("kvType=q8_0", "contextLength=60000", "time=1500ms");
            assertThat(plan.cells()).isEqualTo(expected.cells());
            assertThat(ids(plan)).isEqualTo(ids);
            assertThatThrownBy(() -> plan("ITERATIONS=1")).hasMessageContaining("did you mean iterations");
            assertThatThrownBy(() -> plan("contextLength=0")).hasMessageContaining("1 to 10000000");
        } finally {
            Locale.setDefault(before);
        }
    }
}
