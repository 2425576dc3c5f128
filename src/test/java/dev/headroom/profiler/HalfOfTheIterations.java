package dev.headroom.profiler;

import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;

/**
 * The profiler in the second and third of every four iterations, for {@code fidelity.py profiler}. So one process shows
 * the profiler's cost: two processes differ by percents because of their memory layout. JMH needs a top-level class.
 */
public final class HalfOfTheIterations implements InternalProfiler {
    private final MemoryProfiler profiler;
    private int iteration;

    public HalfOfTheIterations(String options) throws ProfilerException {
        profiler = new MemoryProfiler(options);
    }

    private boolean on() {
        return iteration % 4 == 1 || iteration % 4 == 2;
    }

    @Override
    public String getDescription() {
        return profiler.getDescription();
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams params) {
        if (on()) {
            profiler.beforeIteration(benchmark, params);
        }
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams params, IterationResult result) {
        boolean was = on();
        iteration++;
        return was ? profiler.afterIteration(benchmark, params, result) : List.of();
    }
}
