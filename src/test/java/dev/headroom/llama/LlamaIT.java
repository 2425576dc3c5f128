package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.headroom.BadInput;
import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.Progress;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.LlamaFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tests the real llama.cpp on the CPU, with a model of 24 million random weights. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LlamaIT {
    private static final int LAYERS = 6;
    private static final int KV_WIDTH = 288;

    private final LlamaLibrary library = LlamaLibrary.open(LlamaHome.find(null));
    private final Path file;
    private final LlamaModel model;

    LlamaIT(@TempDir Path directory) {
        file = new ModelStore(directory).make(SyntheticModel.parse("synthetic-stories-15m-q8_0"), Progress.NONE);
        model = LlamaModel.load(library, file, 0);
    }

    @AfterAll
    void close() {
        model.close();
    }

    private LlamaContext context(int length) {
        return LlamaContext.create(model, new ContextSettings(length, 256, 64, KvType.F16, FlashAttention.AUTO, 2, 1));
    }

    private int[] tokens(int count) {
        int[] tokens = new Random(42).ints(count, 0, model.vocabularySize()).toArray();
        tokens[0] = model.beginOfSequence();
        return tokens;
    }

    @Test
    void libraryReportsVersionDevicesAndFeatures() {
        assertThat(library.build().version()).matches("v\\d+\\.\\d+\\.\\d+.*|b\\d+");
        assertThat(library.devices()).anySatisfy(device -> {
            assertThat(device.type()).isEqualTo(LlamaDevice.Type.CPU);
            assertThat(device.totalBytes()).isNotNull();
        });
        assertThat(library.systemInfo()).contains("CPU");
        assertThat(library.maxDevices()).isPositive();
        assertThat(LlamaLibrary.loaded()).contains(library);
        assertThat(LlamaLibrary.open(library.build().directory())).isSameAs(library);
    }

    @Test
    void processCannotOpenAnotherLibrary(@TempDir Path directory) throws IOException {
        Files.copy(
                library.build().library(),
                directory.resolve(library.build().library().getFileName()));
        assertThatThrownBy(() -> LlamaLibrary.open(directory)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void modelReportsItsFacts() throws IOException {
        assertThat(model.vocabularySize()).isEqualTo(32_000);
        assertThat(model.trainedContextLength()).isPositive();
        assertThat(model.parameters()).isBetween(20_000_000L, 30_000_000L);
        assertThat(model.bytes()).isBetween(20_000_000L, Files.size(file));
        assertThat(model.description()).contains("llama");
        assertThat(model.truncatable()).isTrue();
    }

    @Test
    void promptGivesTheSameLogitsAsSingleTokens() {
        int[] prompt = tokens(300);
        try (LlamaContext atOnce = context(512);
                LlamaContext byToken = context(512)) {
            atOnce.decode(prompt);
            Arrays.stream(prompt).forEach(byToken::decode);
            assertThat(atOnce.position()).isEqualTo(300).isEqualTo(byToken.position());
            float[] logits = atOnce.logits();
            assertThat(LlamaChild.allFinite(logits)).isTrue();
            assertThat(logits).hasSize(model.vocabularySize());
            assertThat(byToken.logits()).containsExactly(logits, within(0.25f));
        }
    }

    @Test
    void stateIsRestoredAfterDecodingAndTruncating() {
        int[] prompt = tokens(100);
        try (LlamaContext context = context(512)) {
            context.decode(prompt);
            context.saveState();
            context.decode(7);
            float[] first = context.logits();
            context.decode(tokens(200));
            context.truncate(100);
            assertThat(context.position()).isEqualTo(100);
            context.decode(7);
            assertThat(context.logits()).containsExactly(first);
            context.restoreState();
            assertThat(context.position()).isEqualTo(100);
            context.truncate(0);
            assertThatThrownBy(context::restoreState).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void buffersHaveThePredictedSizes() {
        try (LlamaContext context = context(1000)) {
            context.synchronize();
            LlamaFacts facts = library.log().facts();
            double cells = 1024;
            assertThat(facts.mebibytes(Kind.KV).orElseThrow())
                    .isCloseTo(cells * LAYERS * KV_WIDTH * 2 * 2 / (1 << 20), within(0.005));
            double amx = facts.buffers().stream()
                    .filter(buffer -> buffer.device().equals("AMX")) // replaces the originals, and is larger
                    .mapToDouble(LlamaFacts.Buffer::mebibytes)
                    .sum();
            double weights = (double) model.bytes() / (1 << 20);
            assertThat(facts.mebibytes(Kind.MODEL).orElseThrow()).isBetween(weights - 0.1, weights + amx + 0.1);
            assertThat(facts.mebibytes(Kind.COMPUTE)).isPresent();
            assertThat(facts.flashAttention()).isNotNull();
        }
    }

    @Test
    void fullContextRefusesTokens() {
        try (LlamaContext context = context(256)) {
            context.decode(tokens(256));
            assertThatThrownBy(() -> context.decode(1))
                    .isInstanceOf(LlamaException.class)
                    .hasMessage("The context is full: it has 256 of 256 tokens, and 1 more do not fit.");
            assertThat(context.position()).isEqualTo(256);
        }
    }

    @Test
    void invalidTokenIsRefused() {
        try (LlamaContext context = context(256)) {
            assertThatThrownBy(() -> context.decode(model.vocabularySize()))
                    .isInstanceOf(LlamaException.class)
                    .hasMessageContaining("invalid token");
        }
    }

    @Test
    void contextMayBeLongerThanTrained() {
        try (LlamaContext context = context(4 * model.trainedContextLength())) {
            context.decode(1);
            assertThat(context.position()).isEqualTo(1);
        }
    }

    @Test
    void closedObjectsThrow() {
        LlamaModel other = LlamaModel.load(library, file, 0);
        LlamaContext context =
                LlamaContext.create(other, new ContextSettings(256, 256, 64, KvType.F16, FlashAttention.AUTO, 1, 1));
        other.close();
        assertThatThrownBy(() -> context.decode(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> context.decode(new int[] {1, 2})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(other::bytes).isInstanceOf(IllegalStateException.class);
        assertThatCode(context::close).doesNotThrowAnyException();
        assertThatCode(other::close).doesNotThrowAnyException();
    }

    @Test
    void invalidModelFilesAreRefused(@TempDir Path directory) throws IOException {
        assertThatThrownBy(() -> LlamaModel.load(library, directory, -1))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("is a directory");
        assertThatThrownBy(() -> LlamaModel.load(library, directory.resolve("none.gguf"), -1))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("does not exist");
        Path text = Files.writeString(directory.resolve("text.gguf"), "this is not a model");
        assertThatThrownBy(() -> LlamaModel.load(library, text, -1))
                .isExactlyInstanceOf(LlamaException.class)
                .hasMessageStartingWith("llama.cpp could not load " + text);
        byte[] whole = Files.readAllBytes(file);
        Path half = Files.write(directory.resolve("half.gguf"), Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(() -> LlamaModel.load(library, half, -1)).isInstanceOf(LlamaException.class);
    }

    @Test
    void quantizedCacheNeedsFlashAttention() {
        assertThatThrownBy(() -> LlamaContext.create(
                        model, new ContextSettings(256, 256, 64, KvType.Q4_0, FlashAttention.OFF, 1, 1)))
                .isExactlyInstanceOf(LlamaException.class)
                .hasMessageContaining("flash_attn");
    }
}
