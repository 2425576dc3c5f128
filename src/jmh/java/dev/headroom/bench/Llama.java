package dev.headroom.bench;

import dev.headroom.BadInput;
import dev.headroom.environment.Environment;
import dev.headroom.llama.LlamaHome;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.Phase;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The llama.cpp library of this fork, as {@link LlamaHome} finds it, and the name of the environment. */
@State(Scope.Thread)
public class Llama {
    private static final String LOCAL = "local";

    /** {@code local} for the current environment, or the name that it must have. */
    @Param(LOCAL)
    public String environment;

    LlamaLibrary library;

    @Setup(Level.Trial)
    public void open() {
        if (!environment.equals(LOCAL)) {
            Environment detected = Environment.detect();
            if (!detected.isCalled(environment)) {
                throw new BadInput("The parameter environment is " + environment + ", but this is " + detected.name()
                        + ": run it there, or set the parameter to " + LOCAL + ", " + detected.name() + " or "
                        + detected.name() + "-<more>.");
            }
        }
        library = LlamaLibrary.open(LlamaHome.find(null));
        Phase.BACKEND.reached();
    }
}
