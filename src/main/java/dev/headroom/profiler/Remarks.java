package dev.headroom.profiler;

import dev.headroom.result.Metric;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Remarks of a fork on standard error, each only once. */
final class Remarks {
    private final Set<String> said = new HashSet<>();

    void say(String remark) {
        if (said.add(remark)) {
            System.err.println("headroom: " + remark);
        }
    }

    /** Says if VRAM is measured on a card that may not hold the model, or not at all. */
    void onCard(ForkGauges gauges) {
        int cards = gauges.polled(Metric.VRAM_PEAK).size();
        if (cards > 1 && gauges.card() == null) {
            say("llama.cpp does not say which of " + cards + " GPUs holds the model: the first one is measured.");
        }
        if (cards > 0 && gauges.of(Metric.VRAM_PEAK).isEmpty()) {
            say("No meter works for the card that holds the model, " + gauges.card() + ": its VRAM is not measured.");
        }
    }

    void onLost(Collection<Metric> lost) {
        say("A meter stopped answering, not measured any more in this fork: "
                + lost.stream().map(Metric::label).collect(Collectors.joining(", ")));
    }
}
