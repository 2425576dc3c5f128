package dev.headroom.bench;

import dev.headroom.BadInput;
import dev.headroom.environment.Environment;
import dev.headroom.llama.LlamaHome;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.Phase;
import java.util.Optional;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The llama.cpp of this fork, found as {@link LlamaHome} says, and the environment it runs in. */
@State(Scope.Thread)
public class Llama {
    private static final String LOCAL = "local";

    /** Name of the environment: {@code local} for wherever this is, or a name it must have. */
    @Param(LOCAL)
    public String environment;

    LlamaLibrary library;

    @Setup(Level.Trial)
    public void open() {
        if (!environment.equals(LOCAL)) {
            Environment detected = Environment.detect();
            if (!detected.isCalled(environment)) {
                throw new BadInput("The environment is said to be " + environment + " but this is " + detected.name()
                        + ": run it there, call it " + detected.name() + " or " + detected.name()
                        + "-<more>, or leave the parameter environment at " + LOCAL + ".");
            }
        }
        library = LlamaLibrary.open(LlamaHome.find(Optional.empty()));
        Phase.BACKEND.reached();
    }
}
