package dev.headroom.bench;

import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The operation of {@link TokenGeneration} and {@link TokenLatency}: one token on top of a filled context. */
@State(Scope.Thread)
public class GeneratedToken {
    /** Tokens generated on top of {@code contextLength}; then the context goes back to that length. */
    static final int ROOM = 128;

    private FilledContext filled;

    @Setup(Level.Trial)
    public void fill(LoadedModel loaded, ContextChoice choice) {
        filled = new FilledContext(loaded, choice, ROOM);
    }

    @Setup(Level.Invocation)
    public void rewind() {
        filled.makeRoomFor(1);
    }

    /** Generates it, and returns the position behind it. */
    int generate() {
        filled.context.decode(filled.tokens.next());
        filled.context.synchronize();
        return filled.context.position();
    }

    @TearDown(Level.Trial)
    public void free() {
        filled.close();
    }
}
