package dev.headroom.profiler;

import dev.headroom.memory.FakeMeter;
import dev.headroom.memory.Meters;
import dev.headroom.memory.PhaseReadings;
import dev.headroom.result.Metric;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.profile.ProfilerException;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;

/** The profiler with a meter that breaks during sampling. JMH needs a top-level class. */
public final class DyingProfiler implements InternalProfiler {
    private final MemoryProfiler profiler;

    public DyingProfiler() throws ProfilerException {
        AtomicInteger reads = new AtomicInteger();
        profiler = new MemoryProfiler(
                "",
                () -> new Meters(
                        List.of(new FakeMeter(Metric.VRAM_PEAK, () -> {
                            if (reads.incrementAndGet() > 20) {
                                throw new IllegalStateException("the card is on fire");
                            }
                            return OptionalLong.of(1);
                        })),
                        List.of()),
                List::of,
                () -> new PhaseReadings(new Meters(List.of(), List.of())));
    }

    @Override
    public String getDescription() {
        return profiler.getDescription();
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        profiler.beforeIteration(benchmark, iteration);
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        return profiler.afterIteration(benchmark, iteration, result);
    }
}
