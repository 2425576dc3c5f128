package dev.headroom.place;

import static dev.headroom.Units.MIB;

import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Metric;
import dev.headroom.result.MetricValue;
import dev.headroom.result.Run;
import java.io.Closeable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Reads the card's memory in this process while forks run in environments that it entered. One meter then serves all
 * environments. With several cards, the one with the largest rise counts. A meter that stops answering is not read
 * again, and its metrics are absent.
 */
public final class HostVram implements Closeable {
    private static final Duration INTERVAL = Duration.ofMillis(100);
    private static final int MOST_READINGS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Meters meters;
    private final Duration patience;
    private final List<Card> cards;
    private final ScheduledExecutorService reader = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "host-vram");
        thread.setDaemon(true);
        return thread;
    });
    private boolean lost;

    /** A card's memory during a fork, in bytes. Only the reader thread uses it. */
    private static final class Card {
        private final Meter meter;
        private OptionalLong baseline = OptionalLong.empty();
        private OptionalLong peak = OptionalLong.empty();

        Card(Meter meter) {
            this.meter = meter;
        }

        /** Reads a new baseline, and returns whether it fell. */
        boolean settle() {
            OptionalLong now = meter.read();
            boolean fell = baseline.isPresent() && now.isPresent() && now.getAsLong() < baseline.getAsLong();
            baseline = now;
            peak = now;
            return fell;
        }

        void read() {
            OptionalLong now = meter.read();
            peak = now.isPresent() && peak.isPresent()
                    ? OptionalLong.of(Math.max(now.getAsLong(), peak.getAsLong()))
                    : OptionalLong.empty();
        }

        long rise() {
            return peak.orElse(0) - baseline.orElse(0);
        }
    }

    HostVram(Meters meters, Duration patience) {
        this.meters = meters;
        this.patience = patience;
        cards = meters.serving().stream()
                .filter(meter -> meter.metric() == Metric.VRAM_PEAK)
                .map(Card::new)
                .toList();
        lost = cards.isEmpty();
    }

    static HostVram open() {
        return new HostVram(Meters.open(), PATIENCE);
    }

    /** The meters of the metrics; empty without a meter of a card. */
    List<Run.MeterFact> facts() {
        return cards.stream()
                .map(card -> card.meter.signal())
                .distinct()
                .map(signal -> PlaceInspection.fact(signal, Metric.VRAM_HOST_BASELINE, Metric.VRAM_HOST_PEAK))
                .toList();
    }

    /** Memory in use on all cards, in MiB; empty without a meter. */
    Optional<Double> used() {
        return ask(() -> {
            settle();
            return cards.stream()
                    .mapToDouble(card -> card.baseline.orElseThrow() / MIB)
                    .sum();
        });
    }

    /** Runs a fork and adds the card's memory meanwhile to each of its iterations. */
    Optional<ForkResult> during(Supplier<Optional<ForkResult>> fork) {
        if (ask(this::settle).isEmpty()) {
            return fork.get();
        }
        Future<?> polling = reader.scheduleWithFixedDelay(
                () -> cards.forEach(Card::read), 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        Optional<ForkResult> result;
        try {
            result = fork.get();
        } finally {
            polling.cancel(false);
        }
        Map<Metric, MetricValue> seen = ask(this::seen).orElse(Map.of());
        return result.map(measured -> measured.beside(seen));
    }

    private Boolean settle() throws InterruptedException {
        cards.forEach(Card::settle);
        boolean fell = true;
        for (int i = 0; i < MOST_READINGS && fell; i++) {
            Thread.sleep(INTERVAL.toMillis());
            fell = cards.stream().filter(Card::settle).count() > 0;
        }
        return !fell;
    }

    private Map<Metric, MetricValue> seen() {
        cards.forEach(Card::read);
        Map<Metric, MetricValue> seen = new TreeMap<>();
        cards.stream()
                .filter(card -> card.peak.isPresent())
                .reduce((first, second) -> second.rise() > first.rise() ? second : first)
                .ifPresent(card -> {
                    put(seen, Metric.VRAM_HOST_BASELINE, card.baseline.orElseThrow());
                    put(seen, Metric.VRAM_HOST_PEAK, card.peak.getAsLong());
                });
        return seen;
    }

    private static void put(Map<Metric, MetricValue> seen, Metric metric, long bytes) {
        seen.put(metric, metric.value(bytes / MIB));
    }

    /** Runs a question on the reader thread; empty if it does not answer, and from then on. */
    private <T> Optional<T> ask(Callable<T> question) {
        if (lost) {
            return Optional.empty();
        }
        try {
            return Optional.of(reader.submit(question).get(patience.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            lost = true;
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        reader.shutdownNow();
        if (!lost) {
            meters.close();
        }
    }
}
