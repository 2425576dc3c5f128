package dev.headroom.bench;

import dev.headroom.llama.LlamaModel;
import dev.headroom.llama.Phase;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The model, loaded once in each fork. */
@State(Scope.Thread)
public class LoadedModel {
    LlamaModel model;

    @Setup(Level.Trial)
    public void load(ModelChoice choice) {
        model = choice.load();
        Phase.MODEL.reached();
    }

    @TearDown(Level.Trial)
    public void free() {
        if (model != null) {
            model.close();
        }
    }
}
