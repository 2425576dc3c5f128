package dev.headroom.profiler;

import dev.headroom.llama.LlamaLibrary;
import dev.headroom.memory.Cards;
import dev.headroom.memory.Gauge;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Meters;
import dev.headroom.memory.NvidiaCard;
import dev.headroom.memory.PeakMeter;
import dev.headroom.memory.Sensor;
import dev.headroom.result.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The open meters and sensors of a fork, and the card that holds its model. */
final class ForkGauges {
    /** Metrics whose samples and gaps are reported if they are polled. The first one is read most often. */
    static final List<Metric> SAMPLED = List.of(Metric.VRAM_PEAK, Metric.RAM_PEAK, Metric.RAM_ANON_PEAK);

    private final List<Meter> meters;
    private final List<Sensor> sensors;
    private @Nullable String card;

    /** @param meters for each metric and card one at most */
    ForkGauges(List<Meter> meters, List<Sensor> sensors) {
        this.meters = meters;
        this.sensors = sensors;
    }

    List<Gauge> all() {
        List<Gauge> all = new ArrayList<>(meters);
        all.addAll(sensors);
        return all;
    }

    /** Metrics of memory that a meter serves. */
    List<Metric> metrics() {
        return meters.stream().map(Meter::metric).distinct().toList();
    }

    /** The polled meters that most of the sampling time is for. */
    List<Meter> leading() {
        return SAMPLED.stream()
                .map(this::polled)
                .filter(polled -> !polled.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    /** The meters of a metric, one for each card, without those that keep a peak themselves. */
    List<Meter> polled(Metric metric) {
        return meters.stream()
                .filter(meter -> meter.metric() == metric && !(meter instanceof PeakMeter))
                .toList();
    }

    /** The meter of a metric for the model's card; for the first card if that card is unknown. */
    Optional<Meter> of(Metric metric) {
        return Meters.of(meters, metric, card());
    }

    /** The sensors of the model's card, and those that belong to no card. */
    List<Sensor> sensors() {
        return Cards.on(card(), sensors);
    }

    /** The card that holds the first loaded model; null before llama.cpp's log names it. */
    @Nullable
    String card() {
        if (card == null) {
            card = LlamaLibrary.loaded().flatMap(ForkGauges::cardOfModel).orElse(null);
        }
        return card;
    }

    private static Optional<String> cardOfModel(LlamaLibrary library) {
        List<String> log = library.log().lines();
        return Cards.ofModel(log).or(() -> NvidiaCard.ofModel(log));
    }
}
