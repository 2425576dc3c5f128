package dev.headroom.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.KvCache;
import dev.headroom.gguf.Shapes;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.gguf.TensorType;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaHome;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import dev.headroom.llama.LlamaSimulation;
import dev.headroom.result.Observed;
import dev.headroom.result.Prediction;
import dev.headroom.result.Prediction.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Predictions against the real llama.cpp on the CPU. Models are files with a hole in place of their weights: zeros load
 * and take memory as any numbers do.
 */
class PredictionsIT {
    private static final Path HOME = LlamaHome.find(null).toAbsolutePath();
    private static final LlamaLibrary LIBRARY = LlamaLibrary.open(HOME);

    /** Half a unit of the last digit that llama.cpp prints. */
    private static final double ROUNDING_MIB = 0.005 + 1e-9;

    @TempDir
    Path directory;

    static Stream<String> wholeModels() {
        return Shapes.all().stream().map(shape -> "synthetic-" + shape.id() + "-q4_0");
    }

    /** Gemma 3 needs six layers until one sees everything. */
    static Stream<String> shortModels() {
        return Stream.concat(
                Shapes.all().stream()
                        .map(shape ->
                                "synthetic-" + shape.id() + (shape.id().startsWith("gemma") ? "-l6" : "-l2") + "-q4_0"),
                Stream.of(
                        "synthetic-gpt-oss-20b-l2-mxfp4",
                        "synthetic-smollm2-135m-q8_0",
                        "synthetic-smollm2-135m-q4_k_m"));
    }

    private static ContextSettings settings(int length, int ubatch, KvType type, FlashAttention flashAttention) {
        return new ContextSettings(length, 2048, ubatch, type, flashAttention, 1, 1);
    }

    /** llama.cpp refuses heads that are no whole number of blocks: those of stories-15m, 48, in q8_0 and q4_0. */
    private static List<KvType> types(KvCache cache) {
        return cache.keySize() % 32 == 0 ? List.of(KvType.F16, KvType.Q8_0, KvType.Q4_0) : List.of(KvType.F16);
    }

    private Gguf write(String id) throws IOException {
        Gguf header = SyntheticModel.parse(id).header(directory.resolve(id + ".gguf"));
        header.writeWithoutWeights(header.path());
        return header;
    }

    /**
     * The formula to the byte: at 131,072 tokens one number more in the keys of one layer is 0.07 MiB in q4_0, and
     * llama.cpp says 0.01. No memory is taken.
     */
    @ParameterizedTest
    @MethodSource("wholeModels")
    void kvCacheOfEveryShapeEqualsTheFormula(String id) throws IOException {
        Gguf model = write(id);
        assertThat(Gguf.read(model.path())).isEqualTo(model);
        KvCache cache = KvCache.of(model).orElseThrow();
        try (LlamaSimulation simulation = LlamaSimulation.load(LIBRARY, model.path(), 0)) {
            assertThat(simulation.devices()).hasSize(cache.layers().size() + 1);
            for (KvType type : types(cache)) {
                for (int length : new int[] {1, 257, 1300, 131_072}) {
                    for (int ubatch : new int[] {128, 512}) {
                        ContextSettings settings = settings(length, ubatch, type, FlashAttention.ON);
                        double bytes =
                                cache
                                        .bytes(length, ubatch, TensorType.valueOf(type.name()), true)
                                        .orElseThrow()
                                        .stream()
                                        .mapToLong(Long::longValue)
                                        .sum();
                        // two lines where layers differ
                        assertThat(simulation.context(settings).kvMebibytes())
                                .as(settings.toString())
                                .isCloseTo(bytes / (1 << 20), within(2 * ROUNDING_MIB));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shortModels")
    void loadedBuffersEqualThePrediction(String id) throws IOException {
        Gguf header = write(id);
        List<ContextSettings> all = new ArrayList<>();
        for (int length : new int[] {700, 4096}) {
            for (int ubatch : new int[] {128, 512}) {
                all.add(settings(length, ubatch, KvType.F16, FlashAttention.OFF));
                for (KvType type : types(KvCache.of(header).orElseThrow())) {
                    all.add(settings(length, ubatch, type, FlashAttention.ON));
                }
            }
            for (int outputs : new int[] {64, 2048}) {
                all.add(new ContextSettings(length, 2048, 512, KvType.F16, FlashAttention.ON, 1, outputs));
            }
        }
        List<Predictions.Point> points =
                all.stream().map(settings -> new Predictions.Point(0, settings)).toList();

        Map<Predictions.Point, Prediction> predictions = Predictions.simulated(HOME, header, points);

        assertThat(predictions.keySet()).containsExactlyInAnyOrderElementsOf(points);
        try (LlamaModel model = LlamaModel.load(LIBRARY, header.path(), 0)) {
            predictions.forEach((point, prediction) -> {
                LlamaContext.create(model, Objects.requireNonNull(point.context()))
                        .close();
                check(point.toString(), prediction);
            });
        }
    }

    private static void check(String point, Prediction prediction) {
        assertThat(butForAmx(prediction)).as(point).isNull();
        Prediction measured =
                Predictions.against(prediction, observed(LIBRARY.log().facts()));
        assertThat(measured.parts()).as(point).extracting(Part::kind).contains("model", "kv", "compute", "output");
        for (Part part : measured.parts()) {
            double tolerance =
                    switch (part.kind()) {
                        case "kv" -> 2 * ROUNDING_MIB;
                        case "compute" -> 0.01 * part.predictedMib();
                        default -> 0.05;
                    };
            assertThat(part.measuredMib())
                    .as(point + " " + part)
                    .isNotNull()
                    .isCloseTo(part.predictedMib(), within(tolerance));
        }
        LlamaFacts facts = LIBRARY.log().facts();
        for (LlamaFacts.Kind kind : List.of(LlamaFacts.Kind.MODEL, LlamaFacts.Kind.KV, LlamaFacts.Kind.COMPUTE)) {
            if (kind == LlamaFacts.Kind.MODEL && prediction.incomplete() != null) {
                continue;
            }
            assertThat(prediction
                            .mebibytes(kind.name().toLowerCase(Locale.ROOT))
                            .orElseThrow())
                    .as("nothing is left out of %s", kind)
                    .isCloseTo(facts.mebibytes(kind).orElseThrow(), within(0.1));
        }
    }

    /** What is not known; on processors with AMX that is at least what copies of weights take. */
    private static @Nullable String butForAmx(Prediction prediction) {
        String incomplete = prediction.incomplete();
        return "The size of the copies of weights in AMX is unknown before loading.".equals(incomplete)
                ? null
                : incomplete;
    }

    private static Observed observed(LlamaFacts facts) {
        return new Observed(
                null,
                null,
                null,
                List.of(),
                facts.buffers().stream()
                        .map(buffer -> new Observed.BufferSize(
                                buffer.kind().name().toLowerCase(Locale.ROOT), buffer.device(), buffer.mebibytes()))
                        .toList());
    }

    /** The process that is asked has the header alone, and leaves nothing behind. */
    @Test
    void modelThatIsNotWrittenIsPredicted() {
        Gguf header = SyntheticModel.parse("synthetic-llama-3.1-8b-q4_k_m").header(directory.resolve("none.gguf"));
        Predictions.Point point = new Predictions.Point(-1, settings(8192, 512, KvType.F16, FlashAttention.ON));

        assertThat(Predictions.simulated(HOME, header, List.of(point)).get(point))
                .satisfies(prediction -> {
                    assertThat(butForAmx(prediction)).isNull();
                    assertThat(prediction.mebibytes("kv")).hasValue(1024);
                    assertThat(prediction.mebibytes("compute")).isPresent();
                });
        assertThat(directory).isEmptyDirectory();
    }

    /**
     * Neither a setting nor a file that llama.cpp refuses stops anything: what is not known is absent, with the reason.
     */
    @Test
    void refusedContextHasAReason() throws IOException {
        Gguf good = write("synthetic-stories-15m-q8_0");
        Predictions.Point refused = new Predictions.Point(0, settings(256, 64, KvType.Q8_0, FlashAttention.OFF));
        Predictions.Point fine = new Predictions.Point(0, settings(256, 64, KvType.F16, FlashAttention.OFF));

        Map<Predictions.Point, Prediction> predictions = Predictions.simulated(HOME, good, List.of(refused, fine));

        assertThat(predictions.get(refused)).satisfies(prediction -> {
            assertThat(prediction.incomplete()).contains("flash_attn");
            assertThat(prediction.mebibytes("compute")).isEmpty();
        });
        assertThat(predictions.get(fine))
                .satisfies(prediction -> assertThat(butForAmx(prediction)).isNull());

        try (FileChannel file = FileChannel.open(good.path(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap("no model".getBytes(StandardCharsets.US_ASCII)));
        }
        assertThat(Predictions.simulated(HOME, good, List.of(fine)).get(fine)).satisfies(prediction -> {
            assertThat(prediction.incomplete()).contains("could not load");
            assertThat(prediction.mebibytes("kv")).hasValue(1.6875);
        });
    }
}
