package dev.headroom.compare;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** The data of a run that a comparison needs. Not a record, as runs are compared by identity. */
final class MeasuredRun {
    private final String id;
    private final String headroom;
    private final Map<String, Double> resolutionKib;
    private final List<MeasuredCell> cells;

    /** @param resolutionKib the step size of a meter's values, by the meter's name */
    MeasuredRun(String id, String headroom, Map<String, Double> resolutionKib, List<MeasuredCell> cells) {
        this.id = id;
        this.headroom = headroom;
        this.resolutionKib = Map.copyOf(resolutionKib);
        this.cells = List.copyOf(cells);
    }

    String id() {
        return id;
    }

    /** The version of Headroom that measured the run. */
    String headroom() {
        return headroom;
    }

    List<MeasuredCell> cells() {
        return cells;
    }

    OptionalDouble resolutionMib(String meter) {
        Double kib = resolutionKib.get(meter);
        return kib == null ? OptionalDouble.empty() : OptionalDouble.of(kib / 1024);
    }
}
