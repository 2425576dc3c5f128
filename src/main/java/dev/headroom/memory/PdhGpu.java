package dev.headroom.memory;

import com.sun.jna.Platform;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Memory of all graphics adapters in bytes, from Windows's performance counters. Windows has them since Windows 10
 * 1709. All meters share one query.
 *
 * <p>The counters name an adapter by its LUID, which Windows assigns at each start. Neither llama.cpp nor NVML reports
 * the LUID. So the adapter that holds the model is unknown, and all adapters are added up.
 *
 * <p>{@code Dedicated Usage} of an adapter is memory on the card. {@code Dedicated Usage} of a process is memory on the
 * card that Windows has promised to it, which may be more. {@code Shared Usage} is system RAM for the card: allocations
 * that do not fit on the card go there.
 */
final class PdhGpu implements Meter {
    private static final String ADAPTER = "luid_0x[0-9a-f]{1,8}_0x[0-9a-f]{1,8}_phys_\\d{1,4}";

    /** The counters. */
    enum Reading {
        DEDICATED(
                new Signal("pdh.adapter", Metric.VRAM_PEAK, Scope.DEVICE, Semantics.RESIDENT),
                "\\GPU Adapter Memory(*)\\Dedicated Usage"),
        SHARED(
                new Signal("pdh.adapter.shared", Metric.VRAM_SHARED_PEAK, Scope.DEVICE, Semantics.RESIDENT),
                "\\GPU Adapter Memory(*)\\Shared Usage"),
        PROCESS_DEDICATED(
                new Signal("pdh.process", Metric.VRAM_PROCESS_PEAK, Scope.PROCESS, Semantics.COMMITTED),
                "\\GPU Process Memory(*)\\Dedicated Usage"),
        PROCESS_SHARED(
                new Signal("pdh.process.shared", Metric.VRAM_SHARED_PEAK, Scope.PROCESS, Semantics.COMMITTED),
                "\\GPU Process Memory(*)\\Shared Usage");

        private final Signal signal;
        private final String path;

        Reading(Signal signal, String path) {
            this.signal = signal;
            this.path = path;
        }

        /** Matches the names of all adapters, or of a process on all adapters. */
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
            throw new MeterUnavailable("Windows has no performance counter of a graphics adapter's memory");
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
     * The sum over the matching instances.
     *
     * @param seen whether an instance has matched before. If only others are left now, the process holds nothing: 0
     * @return empty if no instance matches, or one that does has no value
     */
    static OptionalLong sum(List<PdhQuery.Value> values, Pattern instances, boolean seen) {
        List<PdhQuery.Value> matching = values.stream()
                .filter(value -> instances.matcher(value.instance()).matches())
                .toList();
        if (matching.isEmpty()) {
            return seen && !values.isEmpty() ? OptionalLong.of(0) : OptionalLong.empty();
        }
        return matching.stream().allMatch(value -> value.valid() && value.number() >= 0)
                ? OptionalLong.of(
                        matching.stream().mapToLong(PdhQuery.Value::number).sum())
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
