package dev.headroom.profiler;

import static dev.headroom.Units.MIB;

import dev.headroom.llama.Phase;
import dev.headroom.memory.Meter;
import dev.headroom.memory.Pace;
import dev.headroom.memory.PeakMeter;
import dev.headroom.memory.Sampler;
import dev.headroom.memory.Sensor;
import dev.headroom.memory.Series;
import dev.headroom.result.Metric;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Reads the gauges of a fork during each iteration, and turns the readings into metrics. */
final class IterationReader {
    private final ForkGauges gauges;
    private final Pace pace;
    private final PhaseReport report;
    private final Remarks remarks;
    private final LoggedBuffers buffers = new LoggedBuffers();
    private volatile @Nullable Sampler sampler; // the benchmark's thread asks for readings too

    /** @param freeCore whether the benchmark leaves a core free, which then reads the card more often */
    IterationReader(
            ForkGauges gauges, @Nullable Duration interval, boolean freeCore, PhaseReport report, Remarks remarks) {
        this.gauges = gauges;
        this.report = report;
        this.remarks = remarks;
        boolean card = !gauges.polled(Metric.VRAM_PEAK).isEmpty();
        pace = new Pace(gauges.all(), gauges.leading(), interval, card && freeCore);
        pace.measureCosts();
    }

    ForkGauges gauges() {
        return gauges;
    }

    PhaseReport report() {
        return report;
    }

    void begin() {
        sampler = Sampler.start(gauges.all(), pace);
    }

    /** Reads all at once: what the phase allocated may be freed before the next deadline. */
    void reached(Phase phase) {
        Sampler running = sampler;
        if (running != null) {
            running.readNow();
        }
        report.reached(phase);
    }

    /** Stops reading. The values are in the units of their metrics; what was not measured is absent. */
    Map<Metric, Double> end() {
        Sampler stopped = sampler;
        if (stopped == null) {
            throw new IllegalStateException("The iteration has not begun");
        }
        sampler = null;
        stopped.stop();
        Map<Metric, Double> measured = new LinkedHashMap<>();
        gauges.metrics()
                .forEach(metric -> gauges.of(metric).ifPresent(meter -> memory(meter, stopped.of(meter), measured)));
        allCards(stopped, measured);
        stopped.costPercent().ifPresent(percent -> measured.put(Metric.SAMPLING_COST, percent));
        buffers.addTo(measured);
        for (Sensor sensor : gauges.sensors()) {
            sensor.value(stopped.of(sensor)).ifPresent(value -> measured.put(sensor.metric(), value));
            sensor.remark().ifPresent(remarks::say);
        }
        return measured;
    }

    private void memory(Meter meter, Series series, Map<Metric, Double> measured) {
        if (series.peak().isEmpty()) {
            return;
        }
        Metric metric = meter.metric();
        boolean vram = metric == Metric.VRAM_PEAK;
        measured.put(metric, series.peak().getAsLong() / MIB);
        if (vram) {
            report.atStart(metric).ifPresent(bytes -> measured.put(Metric.VRAM_BASELINE, bytes / MIB));
        }
        Metric samples = vram ? Metric.VRAM_SAMPLES : Metric.RAM_SAMPLES;
        if (ForkGauges.SAMPLED.contains(metric) && !(meter instanceof PeakMeter) && !measured.containsKey(samples)) {
            measured.put(samples, (double) series.samples());
            measured.put(vram ? Metric.VRAM_GAP_MAX : Metric.RAM_GAP_MAX, series.longestGapMillis());
        }
    }

    /** The sum for a model that is spread over cards. The peaks of the cards may be at different times. */
    private void allCards(Sampler stopped, Map<Metric, Double> measured) {
        List<OptionalLong> peaks = gauges.polled(Metric.VRAM_PEAK).stream()
                .filter(meter -> meter.card().isPresent())
                .map(meter -> stopped.of(meter).peak())
                .toList();
        if (peaks.size() > 1 && peaks.stream().allMatch(OptionalLong::isPresent)) {
            measured.put(
                    Metric.VRAM_ALL_PEAK,
                    peaks.stream().mapToLong(OptionalLong::getAsLong).sum() / MIB);
        }
    }
}
