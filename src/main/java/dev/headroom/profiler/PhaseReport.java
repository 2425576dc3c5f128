package dev.headroom.profiler;

import static dev.headroom.Units.MIB;

import dev.headroom.llama.Phase;
import dev.headroom.memory.PhaseReadings;
import dev.headroom.result.ForkMemory;
import dev.headroom.result.Json;
import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Memory at the phases of a fork, and lost metrics. Each change rewrites the file {@link MemoryProfiler#REPORT}. */
final class PhaseReport {
    private final PhaseReadings phases;
    private final ForkGauges gauges;
    private final Set<Metric> lost = new LinkedHashSet<>();

    PhaseReport(PhaseReadings phases, ForkGauges gauges) {
        this.phases = phases;
        this.gauges = gauges;
    }

    void reached(Phase phase) {
        if (phases.read(phase)) {
            write();
        }
    }

    void lost(Collection<Metric> metrics) {
        lost.addAll(metrics);
        write();
    }

    /** Memory in bytes before the fork touched llama.cpp; empty if there was no reading. */
    OptionalLong atStart(Metric metric) {
        return phases.of(Phase.START, metric, gauges.card());
    }

    private void write() {
        String file = System.getProperty(MemoryProfiler.REPORT);
        if (file == null) {
            return;
        }
        Map<String, Map<String, Double>> mebibytes = new LinkedHashMap<>();
        phases.all(gauges.card()).forEach((phase, signals) -> {
            Map<String, Double> values = new LinkedHashMap<>();
            signals.forEach((signal, bytes) -> values.put(signal, bytes / MIB));
            mebibytes.put(phase.name().toLowerCase(Locale.ROOT), values);
        });
        try {
            Files.writeString(Path.of(file), Json.line(new ForkMemory(mebibytes, List.copyOf(lost))));
        } catch (IOException e) {
            System.err.println("headroom: Cannot write " + file + ", its phases are missing in the results: " + e);
        }
    }
}
