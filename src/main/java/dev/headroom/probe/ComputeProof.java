package dev.headroom.probe;

import dev.headroom.BadInput;
import dev.headroom.gguf.Progress;
import dev.headroom.gguf.Quantization;
import dev.headroom.gguf.Shape;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.FlashAttention;
import dev.headroom.llama.KvType;
import dev.headroom.llama.LlamaContext;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Checks that a llama.cpp computes the same numbers as every release. Libraries of different releases in one directory
 * may load and then compute wrong numbers or crash.
 *
 * <p>It takes some milliseconds on the CPU. GPUs are not checked.
 */
final class ComputeProof {
    private static final int LAYERS = 2;

    /** A model of 80 thousand weights, small enough to write each time. */
    private static final SyntheticModel MODEL = new SyntheticModel(
            new Shape(
                    "proof",
                    "nothing, for a proof",
                    "",
                    "llama",
                    LAYERS,
                    64,
                    128,
                    4,
                    2,
                    16,
                    256,
                    512,
                    1e-5,
                    10_000,
                    false,
                    false,
                    false,
                    false,
                    false,
                    false,
                    null,
                    null,
                    null),
            LAYERS,
            Quantization.named("q8_0"));

    /** The first logits after tokens 1 to 8, from v0.4.0 on x86-64. All releases in docs/llama-versions.md agree. */
    private static final float[] LOGITS = {
        -0.5674f, -0.5760f, 1.3369f, 0.1604f, 1.4915f, -0.3591f, 1.6476f, 1.3553f, 0.0975f, 1.0180f, -0.1046f, 0.4114f,
        -0.2490f, 0.9223f, -1.1433f, -0.6447f
    };

    /**
     * The largest relative distance. Kernels for other CPUs differ by about 1 %; wrong logits differ by more than 100
     * %.
     */
    private static final double TOLERANCE = 0.1;

    private ComputeProof() {}

    /** Writes the model that {@link #check} reads. */
    static void write(Path file) throws IOException {
        MODEL.write(file, Progress.NONE);
    }

    /**
     * Checks a library.
     *
     * @throws BadInput if it computes other numbers, or none
     */
    static void check(LlamaLibrary library, Path file) {
        ContextSettings settings = new ContextSettings(64, 64, 64, KvType.F16, FlashAttention.OFF, 1, 1);
        boolean right;
        try (LlamaModel model = LlamaModel.load(library, file, 0);
                LlamaContext context = LlamaContext.create(model, settings)) {
            context.decode(IntStream.rangeClosed(1, 8).toArray());
            right = fits(context.logits());
        } catch (LlamaException e) {
            throw new BadInput(
                    "llama.cpp in " + library.build().directory() + " cannot run a small model ("
                            + String.valueOf(e.getMessage()).replaceFirst("\\.$", "")
                            + "): its libraries may belong to different releases; choose another one with --llama DIR.",
                    e);
        }
        if (!right) {
            throw new BadInput("llama.cpp in " + library.build().directory()
                    + " computes wrong numbers: its libraries probably belong to different releases;"
                    + " keep each llama.cpp in a directory of its own and choose one with --llama DIR.");
        }
    }

    static float[] logits() {
        return LOGITS.clone();
    }

    /** Whether the relative distance from the right logits is small; false if one is NaN. */
    static boolean fits(float[] logits) {
        double difference = 0;
        double length = 0;
        for (int i = 0; i < LOGITS.length; i++) {
            difference += Math.pow(logits[i] - LOGITS[i], 2);
            length += Math.pow(LOGITS[i], 2);
        }
        return Math.sqrt(difference / length) < TOLERANCE;
    }
}
