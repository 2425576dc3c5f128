package dev.headroom.compare;

import dev.headroom.result.NamedValues;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import dev.headroom.result.Status;
import dev.headroom.result.Waterfall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Builder of runs for tests: the cells' values are given for each fork. */
final class FakeRun {
    static final Measure TOKENS = new Measure(Measure.SCORE, "tokens/s");
    static final Measure MILLIS = new Measure(Measure.SCORE, "ms");
    static final Measure VRAM = new Measure(Measure.VRAM, "MiB");
    static final Measure RAM = new Measure(Measure.RAM, "MiB");
    static final Measure ANON = new Measure("·ram.anon.peak", "MiB");

    static final Run.Llama LLAMA = new Run.Llama(
            "v0.4.0",
            "5b4ebc5",
            "/opt/llama/libllama.so",
            List.of(new Run.Device("CUDA0", "a card", "gpu", 16384.0)),
            null,
            "b58142bae3f1d298");
    static final Run.Model MODEL =
            new Run.Model("m", "/m.gguf", true, "llama", "Q4_0", 1, 1000, 900, null, 131072L, null);
    static final List<Run.MeterFact> METERS = List.of(
            new Run.MeterFact("nvml.device", "device", "resident", List.of(Measure.VRAM)),
            new Run.MeterFact("linux.hwm", "process", "resident", List.of(Measure.RAM)));

    private final String id;
    private final List<MeasuredCell> cells = new ArrayList<>();
    private String environment = "native-linux";
    private Map<String, String> facts = Map.of("os", "Linux", "cpu", "a CPU", "memoryTotalMiB", "32000");
    private Run.Llama llama = LLAMA;
    private Run.Model model = MODEL;
    private List<Run.MeterFact> meters = METERS;
    private Map<String, String> more = Map.of();
    private Status status = Status.OK;
    private @Nullable String reason;
    private List<Waterfall> waterfalls = List.of();
    private int iterations = 5;
    private @Nullable Boolean flashAttention = true;
    private String mode = "thrpt";
    private Map<String, Double> stepsKib = Map.of("linux.hwm", 4.0);
    private List<String> devices = List.of("CUDA0");
    private Map<String, String> resolved = Map.of();
    private @Nullable Spill spill = new Spill(Spill.Verdict.NONE, List.of());

    FakeRun(String id) {
        this.id = id;
    }

    FakeRun in(String value) {
        environment = value;
        return this;
    }

    FakeRun facts(Map<String, String> others) {
        facts = others;
        return this;
    }

    FakeRun llama(Run.Llama other) {
        llama = other;
        return this;
    }

    FakeRun model(Run.Model other) {
        model = other;
        return this;
    }

    FakeRun meters(List<Run.MeterFact> others) {
        meters = others;
        return this;
    }

    FakeRun params(Map<String, String> others) {
        more = others;
        return this;
    }

    FakeRun status(Status other, @Nullable String because) {
        status = other;
        reason = because;
        return this;
    }

    FakeRun devices(String... others) {
        devices = List.of(others);
        return this;
    }

    /** Sets the step of a meter in MiB. */
    FakeRun step(String meter, double mib) {
        stepsKib = Map.of(meter, 1024 * mib);
        return this;
    }

    FakeRun resolved(Map<String, String> others) {
        resolved = others;
        return this;
    }

    FakeRun spill(Spill.Verdict verdict) {
        spill = new Spill(verdict, verdict == Spill.Verdict.NONE ? List.of() : List.of("evidence"));
        return this;
    }

    FakeRun waterfalls(Waterfall... all) {
        waterfalls = List.of(all);
        return this;
    }

    FakeRun iterations(int other) {
        iterations = other;
        return this;
    }

    FakeRun flashAttention(@Nullable Boolean other) {
        flashAttention = other;
        return this;
    }

    /** Adds a cell with the current settings; each metric has one value for each fork. */
    FakeRun cell(String benchmark, int contextLength, Map<Measure, double[]> values) {
        Map<String, String> params = new LinkedHashMap<>();
        params.put("model", model.id());
        params.put("contextLength", Integer.toString(contextLength));
        params.put("environment", environment);
        params.put("kvType", "f16");
        params.putAll(more);
        int forks = values.values().stream()
                .mapToInt(ofForks -> ofForks.length)
                .max()
                .orElse(0);
        List<Measure> measures = List.copyOf(values.keySet());
        cells.add(new MeasuredCell(
                benchmark + "-" + contextLength + "-" + environment,
                benchmark,
                params,
                resolved,
                new Run.PlaceFacts(new NamedValues(environment, facts), llama, meters, Map.of()),
                new Conditions(
                        mode,
                        "tokens/s",
                        1,
                        iterations,
                        "2000ms",
                        facts.getOrDefault("os", ""),
                        llama,
                        model,
                        flashAttention,
                        33,
                        devices),
                status,
                reason,
                new Samples(
                        IntStream.rangeClosed(1, forks).toArray(),
                        measures,
                        measures.stream().map(values::get).toArray(double[][]::new)),
                waterfalls,
                devices.isEmpty() ? null : devices.get(0),
                spill,
                ""));
        return this;
    }

    MeasuredRun run() {
        return new MeasuredRun(id, "1.0", stepsKib, cells);
    }

    static double[] forks(double... values) {
        return values;
    }
}
