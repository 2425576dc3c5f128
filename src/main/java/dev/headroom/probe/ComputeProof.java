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
 * Whether a llama.cpp computes what every release does. Libraries of several releases in one directory may load, and
 * then compute something else or end the process: this is what finds out.
 *
 * <p>Some milliseconds on the CPU alone. What a GPU computes is not looked at.
 */
final class ComputeProof {
    private static final int LAYERS = 2;

    /** 80 thousand weights: small enough to be written each time. */
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

    /** The first logits after tokens 1 to 8, by v0.4.0 on x86-64; all releases of docs/llama-versions.md agree. */
    private static final float[] LOGITS = {
        -0.5674f, -0.5760f, 1.3369f, 0.1604f, 1.4915f, -0.3591f, 1.6476f, 1.3553f, 0.0975f, 1.0180f, -0.1046f, 0.4114f,
        -0.2490f, 0.9223f, -1.1433f, -0.6447f
    };

    /** Kernels for other CPUs round otherwise: by a percent or so. Wrong logits are off by more than their size. */
    private static final double TOLERANCE = 0.1;

    private ComputeProof() {}

    /** Writes the model that {@link #of} reads. */
    static void write(Path file) throws IOException {
        MODEL.write(file, Progress.NONE);
    }

    /** @throws BadInput if it computes something else, or not at all */
    static void of(LlamaLibrary library, Path file) {
        ContextSettings settings = new ContextSettings(64, 64, 64, KvType.F16, FlashAttention.OFF, 1);
        boolean right;
        try (LlamaModel model = LlamaModel.load(library, file, 0);
                LlamaContext context = LlamaContext.create(model, settings)) {
            context.decode(IntStream.rangeClosed(1, 8).toArray());
            right = fits(context.logits());
        } catch (LlamaException e) {
            throw new BadInput(
                    "llama.cpp in " + library.build().directory() + " cannot run a small model ("
                            + String.valueOf(e.getMessage()).replaceFirst("\\.$", "")
                            + "): its libraries may be of several releases; name another with --llama DIR.",
                    e);
        }
        if (!right) {
            throw new BadInput("llama.cpp in " + library.build().directory()
                    + " computes other numbers than every release does: its libraries are probably not of one release;"
                    + " keep each llama.cpp in a directory of its own and name one.");
        }
    }

    static float[] logits() {
        return LOGITS.clone();
    }

    /** Whether the distance from the right logits is small beside their length; not so where one is no number. */
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
