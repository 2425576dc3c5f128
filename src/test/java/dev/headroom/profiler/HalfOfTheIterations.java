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
 * The profiler in every second and third of four iterations, so that one process shows what it costs: two processes
 * differ by percents, as each finds its memory elsewhere. For {@code fidelity.py profiler}; JMH wants it at the top
 * level.
 */
public final class HalfOfTheIterations implements InternalProfiler {
    private final VramProfiler profiler;
    private int iteration;

    public HalfOfTheIterations(String options) throws ProfilerException {
        profiler = new VramProfiler(options);
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
