package dev.headroom.fork;

import dev.headroom.BadInput;
import dev.headroom.environment.CpuTime;
import dev.headroom.environment.ProcessTime;
import dev.headroom.environment.Snapshot;
import dev.headroom.memory.NvidiaCard;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Noise;
import dev.headroom.result.Noise.Kind;
import dev.headroom.result.Timestamp;
import dev.headroom.result.Warning;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Detects noise before a run and around each fork. It reads counters before and after, and nothing in between. With
 * {@code strict} no figure taken under noise is kept.
 */
public final class NoiseWatch {
    /**
     * Load by other processes that counts as noise, in cores. llama.cpp's threads wait for each other many times per
     * token, so one shared core slows all of them. An idle desktop uses less than a tenth of a core.
     */
    static final double MOST_LOAD_CORES = 0.25;

    /** Steal time that counts as noise, as a share of all CPUs. Quiet virtual machines lose well below 1 %. */
    static final double MOST_STEAL = 0.05;

    /** Time in which processes wait for memory that counts as noise, in percent. It is 0 without pressure. */
    static final double MOST_STALLED_PERCENT = 1;

    /** The least available memory, in percent. Below it, systems begin to end processes. */
    static final double LEAST_MEMORY_PERCENT = 5;

    /** Swapping that counts as noise, in pages per second: 1 MiB/s with pages of 4 KiB. */
    static final double MOST_SWAPPED_PAGES = 256;

    /** Readings of an iteration with the GPU throttled by heat that count as noise, in percent. */
    static final double MOST_GPU_HEAT_PERCENT = 1;

    /**
     * Change of the VRAM baseline between forks that counts as noise, in MiB. A new window takes less, a GPU program
     * more.
     */
    static final double MOST_BASELINE_MIB = 64;

    /** The shortest interval between two readings: CPU time is counted in hundredths of a second. */
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    /** How long a strict run waits for quiet. Most maintenance jobs of a system end within it. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final double LEAST_NAMED_CORES = 0.1;
    private static final int MOST_NAMED = 3;

    /** VRAM in use before a fork, in MiB. */
    private record Baseline(double mib, String fork) {}

    private final boolean strict;
    private final Supplier<Snapshot> machine;
    private final IntSupplier onGpu;
    private final Consumer<Duration> sleep;
    private final Snapshot begun;
    private List<Noise> beforeRun = List.of();
    private @Nullable Baseline baseline;
    private Duration waited = Duration.ZERO;

    NoiseWatch(boolean strict, Supplier<Snapshot> machine, IntSupplier onGpu, Consumer<Duration> sleep) {
        this.strict = strict;
        this.machine = machine;
        this.onGpu = onGpu;
        this.sleep = sleep;
        begun = machine.get();
    }

    /** Starts watching this machine. */
    public static NoiseWatch begin(boolean strict) {
        return new NoiseWatch(
                strict, Snapshot::take, () -> NvidiaCard.computeProcesses().orElse(0), NoiseWatch::sleep);
    }

    /**
     * Detects noise since {@link #begin}, over at least one second.
     *
     * @throws BadInput if there is noise and the run is strict
     */
    public void beforeRun() {
        Snapshot now = machine.get();
        long left = SHORTEST.toNanos() - (now.nanos() - begun.nanos());
        if (left > 0) {
            sleep.accept(Duration.ofNanos(left));
            now = machine.get();
        }
        beforeRun = seen(begun, now, onGpu.getAsInt());
        if (strict && !beforeRun.isEmpty()) {
            throw new BadInput("--strict does not measure under noise. " + texts(beforeRun, "just now"));
        }
    }

    /** Warnings about the noise before the run. */
    public List<Warning> before() {
        return beforeRun.stream()
                .map(noise -> (Warning) new Warning.Noisy(noise, "before the run"))
                .toList();
    }

    /** Takes the baseline of a fork that was measured earlier in this run. */
    public void remember(ForkResult fork) {
        moved(fork);
    }

    /**
     * Waits for quiet before a fork of a strict run, for at most ten minutes of continuous noise.
     *
     * @param notify receives a sentence when the waiting begins
     * @param cancelled ends the waiting
     * @return the refused fork, if the noise stays
     */
    public Optional<ForkResult> refusal(String cell, int number, Consumer<String> notify, BooleanSupplier cancelled) {
        List<Noise> lasting = strict ? waitForQuiet(notify, cancelled) : List.of();
        if (lasting.isEmpty()) {
            return Optional.empty();
        }
        String now = Timestamp.seconds();
        return Optional.of(ForkResult.refused(cell, number, refusal(lasting, "before it"), now)
                .with(lasting));
    }

    /** The readings before a fork. */
    public record Mark(Snapshot machine, int onGpu) {}

    public Mark mark() {
        int others = onGpu.getAsInt();
        return new Mark(machine.get(), others);
    }

    /** Adds the noise since {@code before} to a fork. In a strict run a good fork with noise becomes refused. */
    public ForkResult since(Mark before, ForkResult fork) {
        List<Noise> noise = seen(before.machine, machine.get(), before.onGpu);
        gpuHeat(fork).ifPresent(noise::add);
        moved(fork).ifPresent(noise::add);
        ForkResult noisy = fork.with(noise);
        return strict && fork.ok() && !noise.isEmpty() ? noisy.refused(refusal(noise, "during it")) : noisy;
    }

    /** The noise that remains when the patience ends. After a quiet second the patience starts again. */
    private List<Noise> waitForQuiet(Consumer<String> notify, BooleanSupplier cancelled) {
        while (true) {
            Snapshot before = machine.get();
            sleep.accept(SHORTEST);
            List<Noise> now = seen(before, machine.get(), onGpu.getAsInt());
            if (now.isEmpty()) {
                waited = Duration.ZERO;
                return now;
            }
            if (waited.compareTo(PATIENCE) >= 0 || cancelled.getAsBoolean()) {
                return now;
            }
            if (waited.isZero()) {
                notify.accept("Waiting for quiet, " + PATIENCE.toMinutes() + " min at most. " + texts(now, "just now"));
            }
            waited = waited.plus(SHORTEST);
        }
    }

    private static String refusal(List<Noise> noise, String when) {
        return "--strict does not measure under noise. " + texts(noise, when);
    }

    private static String texts(List<Noise> noise, String when) {
        return noise.stream().map(one -> new Warning.Noisy(one, when).text()).collect(Collectors.joining(" "));
    }

    /** The noise between two readings of a machine. */
    static List<Noise> seen(Snapshot before, Snapshot after, int onGpu) {
        double seconds = (after.nanos() - before.nanos()) / 1e9;
        List<Noise> noise = new ArrayList<>();
        CpuTime from = before.cpu();
        CpuTime to = after.cpu();
        if (from != null && to != null && seconds > 0) {
            String cores = "of " + to.cpus() + " cores";
            double busy = to.busySeconds() - from.busySeconds();
            double load = (busy - (to.ownSeconds() - from.ownSeconds())) / seconds;
            if (load >= MOST_LOAD_CORES) {
                noise.add(new Noise(Kind.LOAD, load, cores + busiest(before, after, seconds)));
            }
            double steal = (to.stolenSeconds() - from.stolenSeconds()) / seconds;
            addIf(steal >= MOST_STEAL * to.cpus(), noise, Kind.STEAL, steal, cores);
        }
        Stream.of(after, before)
                .flatMap(snapshot -> Stream.ofNullable(snapshot.clock().saving()))
                .findFirst()
                .ifPresent(saving -> noise.add(new Noise(Kind.GOVERNOR, null, saving)));
        Stream.of(after, before)
                .flatMap(snapshot -> Stream.ofNullable(snapshot.clock().cap()))
                .findFirst()
                .ifPresent(
                        cap -> noise.add(new Noise(Kind.CLOCK_CAP, (double) cap.mhz(), "of " + cap.ofMhz() + " MHz")));
        double throttlings = increase(before.throttlings(), after.throttlings());
        addIf(throttlings > 0, noise, Kind.CPU_HEAT, throttlings, null);
        double stalled = 100 * increase(before.memoryStallSeconds(), after.memoryStallSeconds()) / seconds;
        addIf(seconds > 0 && stalled >= MOST_STALLED_PERCENT, noise, Kind.MEMORY_PRESSURE, stalled, null);
        double available = Stream.of(before, after)
                .flatMap(snapshot -> Stream.ofNullable(snapshot.memoryAvailablePercent()))
                .min(Double::compare)
                .orElse(100.0);
        addIf(available < LEAST_MEMORY_PERCENT, noise, Kind.MEMORY_LOW, available, null);
        double swapped = increase(before.swappedPages(), after.swappedPages()) / seconds;
        addIf(seconds > 0 && swapped >= MOST_SWAPPED_PAGES, noise, Kind.SWAP, swapped, null);
        addIf(before.onBattery() || after.onBattery(), noise, Kind.BATTERY, null, null);
        addIf(onGpu > 0, noise, Kind.GPU_OTHERS, (double) onGpu, null);
        return noise;
    }

    private static void addIf(
            boolean found, List<Noise> noise, Kind kind, @Nullable Double amount, @Nullable String detail) {
        if (found) {
            noise.add(new Noise(kind, amount, detail));
        }
    }

    /** The increase of a counter, 0 if it is unknown. */
    private static double increase(@Nullable Number before, @Nullable Number after) {
        return before == null || after == null ? 0 : after.doubleValue() - before.doubleValue();
    }

    private static String busiest(Snapshot before, Snapshot after, double seconds) {
        Map<String, Double> byName = ProcessTime.secondsByName(
                before.processes(), after.processes(), ProcessHandle.current().pid());
        String names = byName.entrySet().stream()
                .filter(entry -> entry.getValue() / seconds >= LEAST_NAMED_CORES)
                .limit(MOST_NAMED)
                .map(entry -> String.format(Locale.ROOT, "%s %.1f", entry.getKey(), entry.getValue() / seconds))
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "" : ", most of all " + names;
    }

    private static Optional<Noise> gpuHeat(ForkResult fork) {
        OptionalDouble worst = fork.iterations().stream()
                .map(iteration -> iteration.metrics().get(Metric.GPU_THROTTLED_HEAT))
                .flatMap(metric -> Optional.ofNullable(metric).stream())
                .mapToDouble(MetricValue::value)
                .max();
        return worst.orElse(0) >= MOST_GPU_HEAT_PERCENT
                ? Optional.of(new Noise(Kind.GPU_HEAT, worst.getAsDouble(), null))
                : Optional.empty();
    }

    /** The noise of a VRAM baseline that changed. Later forks are compared with the new baseline. */
    private Optional<Noise> moved(ForkResult fork) {
        Optional<Double> now = fork.iterations().stream()
                .flatMap(iteration -> Optional.ofNullable(iteration.metrics().get(Metric.VRAM_BASELINE)).stream())
                .map(MetricValue::value)
                .findFirst();
        Baseline known = baseline;
        boolean moved = now.isPresent() && known != null && Math.abs(now.get() - known.mib) > MOST_BASELINE_MIB;
        String name = "fork " + fork.fork() + " of " + fork.cell();
        if (now.isPresent() && (known == null || moved)) {
            baseline = new Baseline(now.get(), name);
        }
        if (!moved || known == null) {
            return Optional.empty();
        }
        String detail = String.format(
                Locale.ROOT, "%.0f MiB before %s, %.0f MiB before %s", known.mib, known.fork, now.get(), name);
        return Optional.of(new Noise(Kind.VRAM_BASELINE, Math.abs(now.get() - known.mib), detail));
    }

    private static void sleep(Duration duration) {
        try {
            TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
