package dev.headroom.memory;

import com.sun.jna.Platform;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Memory of graphics cards as Windows itself counts it, in its performance counters (since Windows 10 1709). An
 * instance names an adapter by its LUID, a number that Windows gives it at each start and that neither llama.cpp nor
 * NVML tells: which adapter holds the model cannot be known, so all adapters count together. All meters share one
 * query.
 *
 * <p>{@code Dedicated Usage} of an adapter is what lies in the card's memory; of a process it is what Windows has
 * promised it there, which may be more. {@code Shared Usage} is system RAM for the card: where allocations go that do
 * not fit.
 */
final class PdhGpu implements Meter {
    private static final String ADAPTER = "luid_0x[0-9a-f]{1,8}_0x[0-9a-f]{1,8}_phys_\\d{1,4}";

    /** What is read. */
    enum Reading {
        DEDICATED(
                new Signal("pdh.adapter", "vram.peak", Scope.DEVICE, Semantics.RESIDENT),
                "\\GPU Adapter Memory(*)\\Dedicated Usage"),
        SHARED(
                new Signal("pdh.adapter.shared", "vram.shared.peak", Scope.DEVICE, Semantics.RESIDENT),
                "\\GPU Adapter Memory(*)\\Shared Usage"),
        PROCESS_DEDICATED(
                new Signal("pdh.process", "vram.process.peak", Scope.PROCESS, Semantics.COMMITTED),
                "\\GPU Process Memory(*)\\Dedicated Usage"),
        PROCESS_SHARED(
                new Signal("pdh.process.shared", "vram.shared.peak", Scope.PROCESS, Semantics.COMMITTED),
                "\\GPU Process Memory(*)\\Shared Usage");

        private final Signal signal;
        private final String path;

        Reading(Signal signal, String path) {
            this.signal = signal;
            this.path = path;
        }

        /** The instances it is about: every adapter, or a process on every adapter. */
        Pattern instances(long pid) {
            return Pattern.compile(
                    signal.scope() == Scope.DEVICE ? ADAPTER : "pid_" + pid + "_" + ADAPTER, Pattern.CASE_INSENSITIVE);
        }
    }

    private final PdhQuery query;
    private final Reading reading;
    private final Pattern instances;
    private boolean seen;

    private PdhGpu(PdhQuery query, Reading reading) {
        this.query = query;
        this.reading = reading;
        instances = reading.instances(ProcessHandle.current().pid());
    }

    static List<Meter> open() throws MeterUnavailable {
        if (!Platform.isWindows()) {
            throw new MeterUnavailable("this is not Windows");
        }
        return open("pdh");
    }

    static List<Meter> open(String library) throws MeterUnavailable {
        PdhQuery query = PdhQuery.open(
                library, Stream.of(Reading.values()).map(r -> r.path).toList());
        List<Meter> meters = Stream.of(Reading.values())
                .map(r -> (Meter) new PdhGpu(query, r))
                .toList();
        if (meters.get(0).read().isEmpty()) {
            query.close();
            throw new MeterUnavailable("Windows counts no memory of a graphics adapter here");
        }
        return meters;
    }

    @Override
    public OptionalLong read() {
        OptionalLong sum = sum(query.values(reading.path), instances, seen);
        seen = seen || (reading.signal.scope() == Scope.PROCESS && sum.isPresent());
        return sum;
    }

    /**
     * Over the instances of that form.
     *
     * @param seen whether there was one before: a process that is no longer among the others then holds nothing
     * @return empty where there is none, or one of them has no value
     */
    static OptionalLong sum(List<PdhQuery.Value> values, Pattern instances, boolean seen) {
        List<PdhQuery.Value> ours = values.stream()
                .filter(value -> instances.matcher(value.instance()).matches())
                .toList();
        if (ours.isEmpty()) {
            return seen && !values.isEmpty() ? OptionalLong.of(0) : OptionalLong.empty();
        }
        return ours.stream().allMatch(value -> value.valid() && value.number() >= 0)
                ? OptionalLong.of(
                        ours.stream().mapToLong(PdhQuery.Value::number).sum())
                : OptionalLong.empty();
    }

    @Override
    public Signal signal() {
        return reading.signal;
    }

    @Override
    public void close() {
        query.close();
    }
}
