package dev.headroom.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Plan;
import dev.headroom.probe.AllocationProbe.Context;
import dev.headroom.probe.AllocationProbe.Load;
import dev.headroom.result.CellResult;
import dev.headroom.result.CellResult.MemoryDetails;
import dev.headroom.result.CellResult.Protocol;
import dev.headroom.result.Observed;
import dev.headroom.result.Observed.BufferSize;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import dev.headroom.result.Status;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PredictionsTest {
    private static final ContextSettings SETTINGS =
            new ContextSettings(512, 2048, 512, KvType.F16, FlashAttention.AUTO, 1, 1);
    private static final Gguf STORIES =
            SyntheticModel.parse("synthetic-stories-15m-q8_0").header(Path.of("x.gguf"));

    private static Load load(String... devices) {
        return new Load(null, Arrays.asList(devices), Map.of(), List.of());
    }

    private static Observed observed(BufferSize... buffers) {
        return new Observed(true, null, null, List.of(), List.of(buffers));
    }

    @Test
    void kvCacheAndWeightsLieOnTheDeviceOfTheirLayer() {
        Prediction prediction = Predictions.prediction(
                STORIES,
                load("CPU", "CPU", "Vulkan0", "Vulkan0", "Vulkan0", "Vulkan0", "Vulkan0"),
                SETTINGS,
                new Context(
                        null,
                        true,
                        3.38,
                        List.of(
                                new BufferSize("output", "Vulkan_Host", 0.12),
                                new BufferSize("compute", "Vulkan0", 6),
                                new BufferSize("compute", "Vulkan_Host", 2),
                                new BufferSize("compute", "CPU", 1))));

        assertThat(prediction.incomplete()).isNull();
        assertThat(prediction.parts())
                .contains(
                        new Part("kv", "CPU", 1.125, "formula"),
                        new Part("kv", "Vulkan0", 2.25, "formula"),
                        new Part("output", "CPU", 0.12, "simulation"),
                        new Part("compute", "Vulkan0", 6, "simulation"),
                        new Part("compute", "CPU", 3, "simulation"))
                .hasSize(7);
        assertThat(prediction.mebibytes("model").orElseThrow() * (1 << 20))
                .isBetween(STORIES.tensorBytes() - 1.0, STORIES.tensorBytes() + 4096.0);
    }

    @Test
    void simulatedKvCacheIsUsedWithoutAFormula() {
        Gguf mamba = new Gguf(
                Path.of("x.gguf"),
                0,
                3,
                0,
                Map.of("general.architecture", dev.headroom.gguf.GgufValue.of("jamba")),
                STORIES.tensors());
        Context context = new Context(null, true, 7.5, List.of(new BufferSize("recurrent", "CPU", 2.25)));

        assertThat(Predictions.prediction(mamba, load("CPU", "CPU"), SETTINGS, context)
                        .parts())
                .contains(new Part("kv", "CPU", 7.5, "simulation"), new Part("recurrent", "CPU", 2.25, "simulation"));
        assertThat(Predictions.prediction(mamba, load("CPU", "CUDA0"), SETTINGS, context)
                        .parts())
                .as("how it is divided is not known")
                .contains(new Part("kv", null, 7.5, "simulation"));
    }

    @Test
    void weightsOfUnknownSizeAreLeftOut() {
        Load amx = new Load(
                null,
                List.of("CPU", "CPU", "CPU", "CPU", "CPU", "CPU", "CPU"),
                Map.of("blk.0.attn_q.weight", List.of("AMX"), "blk.1.attn_q.weight", List.of("CPU_REPACK")),
                List.of());
        Prediction prediction =
                Predictions.prediction(STORIES, amx, SETTINGS, new Context(null, true, 3.38, List.of()));

        assertThat(prediction.incomplete()).contains("AMX").doesNotContain("CPU_REPACK");
        assertThat(prediction.parts())
                .filteredOn(part -> part.kind().equals("model"))
                .extracting(Part::device)
                .containsExactlyInAnyOrder("CPU", "CPU_REPACK");
    }

    @Test
    void refusedContextKeepsWeightsAndReason() {
        Prediction prediction =
                Predictions.prediction(STORIES, load("CPU", "CPU"), SETTINGS, new Context("no", null, null, List.of()));
        assertThat(prediction.incomplete()).isEqualTo("no");
        assertThat(prediction.mebibytes("kv")).isEmpty();
        assertThat(prediction.mebibytes("model")).isPresent();
    }

    @Test
    void measuredSizesStandBesidePredictedOnes() {
        Prediction prediction = new Prediction(
                List.of(
                        new Part("model", "CPU", 10, "formula"),
                        new Part("model", "CPU_REPACK", 5, "formula"),
                        new Part("kv", null, 8, "simulation"),
                        new Part("compute", "CUDA0", 4, "simulation"),
                        new Part("recurrent", "CPU", 4, "simulation")),
                null);
        Prediction measured = Predictions.against(
                prediction,
                observed(
                        new BufferSize("model", "CPU_Mapped", 10.5),
                        new BufferSize("model", "CPU_REPACK", 5),
                        new BufferSize("kv", "CPU", 3),
                        new BufferSize("kv", "CUDA0", 5),
                        new BufferSize("compute", "CUDA_Host", 4)));

        assertThat(measured.parts()).extracting(Part::measuredMib).containsExactly(10.5, 5.0, 8.0, 0.0, null);
        assertThat(measured.parts()).extracting(Part::errorMib).containsExactly(0.5, 0.0, 0.0, -4.0, null);
    }

    /** llama.cpp may hold some weights twice; where that is not foreseen the sum says nothing. */
    @Test
    void weightsWithoutAPlaceAreNotCompared() {
        Prediction formula = Predictions.byFormula(STORIES, new Predictions.Point(-1, SETTINGS), "no simulation");
        Prediction measured = Predictions.against(
                formula, observed(new BufferSize("model", "CPU", 99), new BufferSize("kv", "CPU", 3.38)));

        assertThat(measured.incomplete()).isEqualTo("no simulation");
        assertThat(measured.parts()).extracting(Part::measuredMib).containsExactly(null, 3.38);
    }

    @Test
    void mappedRangeOfTheFileIsNotCompared() {
        Prediction prediction = new Prediction(
                List.of(new Part("model", "MTL0", 4000, "formula"), new Part("model", "CPU", 300, "formula")), null);
        Prediction measured = Predictions.against(
                prediction,
                observed(new BufferSize("model", "MTL0_Mapped", 4300), new BufferSize("model", "CPU_Mapped", 300)));

        assertThat(measured.parts()).extracting(Part::measuredMib).containsExactly(null, 300.0);
    }

    @Test
    void contextHasRoomForDecodedTokens() {
        Plan plan = new Plan("test", List.of(new Entry("contextLength", "1000", "here")));
        assertThat(plan.cells())
                .extracting(cell -> cell.benchmark().simpleName() + " "
                        + Predictions.Point.of(cell)
                                .map(Predictions.Point::context)
                                .map(ContextSettings::contextLength))
                .containsExactly(
                        "PromptProcessing Optional[1512]",
                        "TokenGeneration Optional[1128]",
                        "TokenLatency Optional[1128]",
                        "TimeToFirstToken Optional[1000]",
                        "ModelLoad Optional.empty",
                        "ContextCreation Optional[1000]",
                        "NativeCall Optional.empty");
        assertThat(plan.cells().stream().filter(PredictionsTest::hasPoint)).hasSize(6);
    }

    @Test
    void outputsAreANumberOrTheWholeBatch() {
        Plan plan = new Plan(
                "test",
                List.of(
                        new Entry("benchmarks", "ContextCreation", "here"),
                        new Entry("batch", "1024", "here"),
                        new Entry("outputs", "1,64,batch", "here")));
        assertThat(plan.cells())
                .extracting(cell -> Predictions.Point.of(cell)
                        .map(Predictions.Point::context)
                        .map(ContextSettings::outputs))
                .containsExactly(Optional.of(1), Optional.of(64), Optional.of(1024));
    }

    private static boolean hasPoint(Cell cell) {
        return Predictions.Point.of(cell).isPresent();
    }

    @Test
    void eachWrongPartHasOneWarning() {
        Part right = new Part("kv", "CPU", 100, "formula").measured(100);
        List<Warning> warnings = Warning.WronglyPredicted.of(List.of(
                cell("a", "x", right, new Part("compute", "CUDA0", 100, "simulation").measured(150)),
                cell("b", "x", right, new Part("compute", "CUDA0", 100, "simulation").measured(20)),
                cell("c", "y", new Part("kv", null, 1000, "simulation").measured(900))));

        assertThat(warnings.stream().map(Warning::text))
                .hasSize(2)
                .anySatisfy(text -> assertThat(text)
                        .contains("x: ", "20.00 MiB of compute buffers in CUDA0", "100.00 MiB", "(b, the worst of 2)"))
                .anySatisfy(text -> assertThat(text).contains("y: ", "900.00 MiB of kv buffers where 1000.00 MiB"));
    }

    private static CellResult cell(String id, String model, Part... parts) {
        return new CellResult(
                id,
                "ContextCreation",
                "ss",
                "ms",
                Map.of("model", model),
                Map.of(),
                new Protocol(1, 0, 1, null),
                Status.OK,
                null,
                List.of(),
                null,
                new TreeMap<>(),
                List.of(),
                new MemoryDetails(
                        null,
                        Map.of(),
                        List.of(),
                        new Prediction(Stream.of(parts).toList(), null),
                        null),
                List.of());
    }
}
