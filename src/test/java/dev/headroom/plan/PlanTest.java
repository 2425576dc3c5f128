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
    void anEmptyPlanRunsEveryBenchmarkOnceWithDefaults() {
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
                        + " kvType=f16, flashAttention=auto, batch=2048, ubatch=512, threads=0, outputs=1}");
        assertThat(plan.cells().get(0).settings())
                .isEqualTo(new Settings(3, 2, 5, Duration.ofSeconds(1), null, null, null));
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
    void anEntryForOneBenchmarkReplacesThatForAll() {
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
                .isEqualTo(
                        new Settings(2, 0, 5, Duration.ofMillis(300), Duration.ofMillis(5), Duration.ofHours(2), null));
        assertThat(plan.cells().get(1).settings())
                .isEqualTo(new Settings(2, 0, 3, Duration.ofMinutes(1), null, null, Duration.ofDays(7)));
    }

    @Test
    void aPlanForAnotherProcessHasAbsolutePathsOfModels() {
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
        assertThat(cell.parameters()).containsEntry("model", "Qwen_3_1_.gguf");
        assertThat(cell.model()).hasValueSatisfying(model -> {
            assertThat(model.isFile()).isTrue();
            assertThat(model.file()).hasToString("/models/Qwen 3(1).gguf");
        });
    }

    @Test
    void anElementInQuotesMayContainCommas() {
        Plan plan = plan("benchmarks=ModelLoad", "model=\"/a/b,c.gguf\" , x.gguf");

        assertThat(ids(plan)).containsExactly("ModelLoad-b_c.gguf", "ModelLoad-x.gguf");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
            contextlength=1 | Unknown key 'contextlength' (p.properties, line 2): choose one of description, benchmarks,
            contextlength=1        | stallLimit (did you mean contextLength?).
            TokenGenration.time=1s | (did you mean TokenGeneration.time
            zzzzzzzzzzzzzzzz=1     | Unknown key 'zzzzzzzzzzzzzzzz'
            contextLength=0 | contextLength is '0' (p.properties, line 2): give a whole number from 1 to 10000000.
            contextLength=-512     | contextLength is '-512'
            contextLength=512,,4096 | contextLength has an empty element: '512,,4096' (p.properties, line 2): remove a
            contextLength=512,512  | contextLength has a value twice: '512,512' (p.properties, line 2): remove one.
            contextLength=512,0512 | contextLength has a value twice
            contextLength=8k       | contextLength is '8k'
            contextLength=99999999999999999999 | give a whole number from 1 to 10000000
            contextLength=10000001 | give a whole number from 1 to 10000000
            contextLength=         | contextLength has no value (p.properties, line 2): give one.
            contextLength="512     | contextLength has a stray quotation mark: '"512'
            contextLength=5"1"2    | put the whole element in quotation marks
            kvType=q8_9            | kvType is 'q8_9' (p.properties, line 2): choose one of f32, f16, bf16, q8_0
            kvType=q8_9            | q4_0 (did you mean q8_0?).
            flashAttention=true    | flashAttention is 'true' (p.properties, line 2): choose one of auto, on, off.
            batch=256              | ubatch 512 is larger than batch 256 (p.properties, line 2): set both.
            ubatch=4096            | ubatch 4096 is larger than batch 2048
            gpuLayers=-2           | gpuLayers is '-2' (p.properties, line 2): give a whole number from -1 to
            threads=-1             | threads is '-1' (p.properties, line 2): give a whole number from 0
            outputs=0              | outputs is '0' (p.properties, line 2): give batch, or a whole number from 1 to
            outputs=ubatch         | outputs is 'ubatch' (p.properties, line 2): give batch, or
            outputs=08             | outputs is '08'
            outputs=batch,batch    | outputs has a value twice
            forks=0                | forks is '0' (p.properties, line 2): give a whole number from 1 to 1000.
            forks=1001             | forks is '1001'
            forks=1,2              | forks is '1,2'
            warmup=-1              | warmup is '-1' (p.properties, line 2): give a whole number from 0
            iterations=0           | iterations is '0' (p.properties, line 2): give a whole number from 1 to 100000.
            NativeCall.iterations=x | NativeCall.iterations is 'x'
            time=0ms               | time is '0ms' (p.properties, line 2): give a time from 1ms to 1h, in ms, s, m or h.
            time=61m               | time is '61m'
            time=1.5s              | time is '1.5s'
            time=2                 | time is '2'
            time=999999999h        | give a time from 1ms to 1h
            timeLimit=999ms        | timeLimit is '999ms' (p.properties, line 2): give a time from 1s to 168h,
            stallLimit=169h        | give a time from 1s to 168h
            sampling=2s            | give a time from 1ms to 1s,
            environment=my machine | environment is 'my machine' (p.properties, line 2): give a name of at most 100
            benchmarks=TokenGen    | benchmarks is 'TokenGen' (p.properties, line 2): choose one of PromptProcessing,
            benchmarks=tokengeneration | (did you mean TokenGeneration
            benchmarks=ModelLoad,ModelLoad | benchmarks has a name twice
            model=smollm2-135m | model 'smollm2-135m' is neither a file nor a synthetic model (p.properties, line 2):
            model=synthetic-       | model 'synthetic-' is neither a file
            model=/                | model '/' names no file
            model=C:\\models\\x.gguf | is not a path (p.properties, line 2): in a properties file, write / or two
            model=C:\\users\\x.gguf | \\u without four hexadecimal digits (p.properties, line 2): write two backslashes
            model=/a/x.gguf,/b/X.gguf | Models '/a/x.gguf' and '/b/X.gguf' have the same name in results, X.gguf
            ModelLoad.time=1s      | ModelLoad.time has no effect, as ModelLoad is a single shot
            ModelLoad.time=1s      | use ModelLoad.iterations.
            NativeCall.model=x.gguf | NativeCall has no parameter model (p.properties, line 2): use only environment.
            ModelLoad.kvType=f16   | (p.properties, line 2): use only model, environment, gpuLayers.
            TokenGeneration.description=x | Unknown key 'TokenGeneration.description'
            description=b | Key 'description' occurs twice (p.properties, line 2): remove it here or in p.properties,
            """)
    void errorsNameFileLineAndRemedy(String line, String message) {
        assertThatThrownBy(() -> plan("description=a", line))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageContaining("(p.properties, line 2): ")
                .hasMessageContaining(message)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void keysOfBenchmarksThatAreNotRunAreChecked() {
        assertThatThrownBy(() -> plan("benchmarks=NativeCall", "TokenGeneration.kvType=x"))
                .isInstanceOf(BadInput.class);
    }

    @Test
    void aPlanMayHaveAMillionTokensOfContext() {
        assertThat(plan("contextLength=1000000", "benchmarks=ContextCreation").cells())
                .hasSize(1);
    }

    @Test
    void moreThanTenThousandCellsAreRefusedAtOnce() {
        String many = Stream.iterate(1, n -> n + 1)
                .limit(4000)
                .map(String::valueOf)
                .reduce((a, b) -> a + "," + b)
                .orElseThrow();

        assertThatThrownBy(() -> plan("contextLength=" + many, "threads=" + many, "gpuLayers=" + many))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("10000 cells (p.properties, line 1): shorten its lists, contextLength first.");
    }

    @Test
    void idsAreSafeForFileNamesUniqueAndShort() {
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
    void aChangedValueKeepsTheId() {
        Cell cell = plan("benchmarks=NativeCall").cells().get(0).with(Parameter.ENVIRONMENT, "vm-linux");

        assertThat(cell.id()).isEqualTo("NativeCall");
        assertThat(cell.value(Parameter.ENVIRONMENT)).isEqualTo("vm-linux");
        assertThatThrownBy(() -> cell.with(Parameter.CONTEXT_LENGTH, 1)).isInstanceOf(IllegalArgumentException.class);
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
            assertThatThrownBy(() -> plan("ITERATIONS=1")).hasMessageContaining("did you mean iterations?");
            assertThatThrownBy(() -> plan("contextLength=0")).hasMessageContaining("1 to 10000000");
        } finally {
            Locale.setDefault(before);
        }
    }
}
