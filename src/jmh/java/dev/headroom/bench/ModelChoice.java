package dev.headroom.bench;

import dev.headroom.BadInput;
import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.SyntheticModel;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The parameters of the model: which one, and how many of its layers are on GPUs. */
@State(Scope.Thread)
public class ModelChoice {
    /** System property with the path of the model. A file's id does not contain the path. */
    private static final String PATH = "headroom.model.path";

    /** {@code synthetic-<shape>-<quantization>}, or the id of the file in -D{@value #PATH}. */
    @Param("synthetic-smollm2-135m-q4_0")
    public String model;

    /** Layers on GPUs; -1: all. */
    @Param("-1")
    public int gpuLayers;

    private LlamaLibrary library;
    private Path file;

    @Setup(Level.Trial)
    public void find(Llama llama) {
        library = llama.library;
        String path = System.getProperty(PATH);
        if (path != null) {
            file = Path.of(path);
        } else if (SyntheticModel.isSynthetic(model)) {
            file = ModelStore.ofUser().make(SyntheticModel.parse(model), (done, total) -> {});
        } else {
            throw new BadInput("No path for model " + model + ": add -jvmArgsAppend -D" + PATH
                    + "=FILE, or choose a model named synthetic-<shape>-<quantization>.");
        }
    }

    LlamaModel load() {
        return LlamaModel.load(library, file, gpuLayers);
    }
}
