package dev.headroom.llama;

import dev.headroom.BadInput;
import java.nio.file.Path;
import java.util.Random;

/**
 * The child process of {@link LlamaVersionsIT}, as a process can open only one llama.cpp. It loads a model, decodes,
 * restores the state, decodes again, and prints the results.
 */
final class LlamaChild {
    private LlamaChild() {}

    public static void main(String[] args) {
        LlamaLibrary library;
        try {
            library = LlamaLibrary.open(Path.of(args[0]));
        } catch (BadInput e) {
            System.out.println("refused: " + e.getMessage());
            return;
        }
        System.out.println("version " + library.build().version());
        library.devices().forEach(d -> System.out.println("device " + d.name() + " " + d.type()));
        ContextSettings settings = new ContextSettings(1024, 512, 128, KvType.F16, FlashAttention.ON, 2, 1);
        try (LlamaModel model = LlamaModel.load(library, Path.of(args[1]), -1);
                LlamaContext context = LlamaContext.create(model, settings)) {
            int[] prompt = new Random(1).ints(600, 0, model.vocabularySize()).toArray();
            context.decode(prompt);
            context.saveState();
            float[] first = logitsAfter(context, prompt[0]);
            context.restoreState();
            float[] second = logitsAfter(context, prompt[0]);
            System.out.println("position " + context.position());
            System.out.println("same logits " + java.util.Arrays.equals(first, second));
            System.out.println("finite " + allFinite(first));
            LlamaFacts facts = library.log().facts();
            System.out.println("layers " + facts.offloadedLayers() + " of " + facts.totalLayers());
            System.out.println("flash attention " + facts.flashAttention());
            facts.buffers()
                    .forEach(b -> System.out.println("buffer " + b.kind() + " " + b.device() + " " + b.mebibytes()));
            LlamaContext.create(model, new ContextSettings(256, 128, 128, KvType.F16, FlashAttention.AUTO, 2, 1))
                    .close();
            System.out.println("auto becomes " + library.log().facts().flashAttention());
        }
        System.out.println("simulates " + simulates(library, Path.of(args[1])));
    }

    private static boolean simulates(LlamaLibrary library, Path model) {
        try {
            LlamaSimulation.load(library, model, -1).close();
            return true;
        } catch (LlamaException e) {
            return false;
        }
    }

    private static float[] logitsAfter(LlamaContext context, int token) {
        context.decode(token);
        return context.logits();
    }

    static boolean allFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
