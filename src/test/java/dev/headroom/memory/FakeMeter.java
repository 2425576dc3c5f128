package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** A meter that returns the values of a test. */
public class FakeMeter implements Meter {
    private final Metric metric;
    private final Supplier<OptionalLong> values;
    private boolean closed;

    public FakeMeter(Metric metric, Supplier<OptionalLong> values) {
        this.metric = metric;
        this.values = values;
    }

    @Override
    public OptionalLong read() {
        return values.get();
    }

    @Override
    public Signal signal() {
        return new Signal("fake", metric, Scope.PROCESS, Semantics.RESIDENT);
    }

    @Override
    public void close() {
        closed = true;
    }

    boolean closed() {
        return closed;
    }
}
