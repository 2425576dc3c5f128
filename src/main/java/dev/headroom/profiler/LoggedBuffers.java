package dev.headroom.profiler;

import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaFacts.Kind;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.Metric;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;

/** Sizes of the buffers in llama.cpp's log, of the model loaded last and the context made last. */
final class LoggedBuffers {
    private final Map<Kind, Double> mebibytes = new EnumMap<>(Kind.class);

    void addTo(Map<Metric, Double> measured) {
        LlamaLibrary.loaded().ifPresent(library -> {
            LlamaFacts facts = library.log().facts();
            for (Kind kind : Kind.values()) {
                facts.mebibytes(kind).ifPresent(size -> mebibytes.put(kind, size));
            }
        });
        add(measured, Metric.BUFFERS_MODEL, Kind.MODEL);
        add(measured, Metric.BUFFERS_KV, Kind.KV, Kind.RECURRENT);
        add(measured, Metric.BUFFERS_COMPUTE, Kind.COMPUTE);
        add(measured, Metric.BUFFERS_OUTPUT, Kind.OUTPUT);
    }

    private void add(Map<Metric, Double> measured, Metric metric, Kind... kinds) {
        Stream.of(kinds)
                .filter(mebibytes::containsKey)
                .map(mebibytes::get)
                .reduce(Double::sum)
                .ifPresent(sum -> measured.put(metric, sum));
    }
}
