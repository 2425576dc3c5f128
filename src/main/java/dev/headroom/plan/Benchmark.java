package dev.headroom.plan;

import static dev.headroom.plan.Parameter.ENVIRONMENT;
import static dev.headroom.plan.Parameter.GPU_LAYERS;
import static dev.headroom.plan.Parameter.MODEL;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The benchmarks: the class's simple name, JMH's mode, the unit of the score, and the parameters. */
public enum Benchmark {
    PROMPT_PROCESSING("PromptProcessing", "thrpt", "tokens/s"),
    TOKEN_GENERATION("TokenGeneration", "thrpt", "tokens/s"),
    TOKEN_LATENCY("TokenLatency", "sample", "ms"),
    TIME_TO_FIRST_TOKEN("TimeToFirstToken", "ss", "ms"),
    MODEL_LOAD("ModelLoad", "ss", "ms"),
    CONTEXT_CREATION("ContextCreation", "ss", "ms"),
    NATIVE_CALL("NativeCall", "avgt", "ns");

    private final String simpleName;
    private final String mode;
    private final String unit;

    Benchmark(String simpleName, String mode, String unit) {
        this.simpleName = simpleName;
        this.mode = mode;
        this.unit = unit;
    }

    /** The class's simple name, as plans and results have it. */
    public String simpleName() {
        return simpleName;
    }

    /** JMH's short name of the mode: {@code thrpt}, {@code sample}, {@code ss} or {@code avgt}. */
    public String mode() {
        return mode;
    }

    /** Whether an iteration is one operation, however long it takes. */
    public boolean isSingleShot() {
        return mode.equals("ss");
    }

    /** The unit of the score. */
    public String unit() {
        return unit;
    }

    /** Tokens that it decodes on top of {@code contextLength}: its context is larger by these. */
    public int contextRoom() {
        return switch (this) {
            case PROMPT_PROCESSING -> 512;
            case TOKEN_GENERATION, TOKEN_LATENCY -> 128;
            default -> 0;
        };
    }

    /** Its parameters, in the order of columns. */
    public List<Parameter<?>> parameters() {
        return switch (this) {
            case MODEL_LOAD -> List.of(MODEL, ENVIRONMENT, GPU_LAYERS);
            case NATIVE_CALL -> List.of(ENVIRONMENT);
            default -> Parameter.all();
        };
    }

    /** The simple names of all benchmarks. */
    public static List<String> simpleNames() {
        return Stream.of(values()).map(Benchmark::simpleName).toList();
    }

    /** The benchmark with a simple name. */
    public static Optional<Benchmark> named(String simpleName) {
        return Stream.of(values())
                .filter(benchmark -> benchmark.simpleName.equals(simpleName))
                .findFirst();
    }
}
