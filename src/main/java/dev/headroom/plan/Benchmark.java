package dev.headroom.plan;

import static dev.headroom.plan.Parameter.ENVIRONMENT;
import static dev.headroom.plan.Parameter.GPU_LAYERS;
import static dev.headroom.plan.Parameter.MODEL;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The benchmarks there are: the class's simple name, what one operation is, and which parameters it has. */
public enum Benchmark {
    PROMPT_PROCESSING(
            "PromptProcessing",
            "thrpt",
            "tokens/s",
            "512 prompt tokens decoded on top of contextLength tokens already in the cache"),
    TOKEN_GENERATION("TokenGeneration", "thrpt", "tokens/s", "one token generated on top of contextLength tokens"),
    TOKEN_LATENCY(
            "TokenLatency", "sample", "ms", "one token generated on top of contextLength tokens, as a distribution"),
    TIME_TO_FIRST_TOKEN("TimeToFirstToken", "ss", "ms", "a whole prompt of contextLength tokens and the first token"),
    MODEL_LOAD("ModelLoad", "ss", "ms", "load the model"),
    CONTEXT_CREATION("ContextCreation", "ss", "ms", "allocate KV cache and compute buffers for contextLength"),
    NATIVE_CALL("NativeCall", "avgt", "ns", "the cheapest llama.cpp call: the floor of what the harness adds");

    private final String simpleName;
    private final String mode;
    private final String unit;
    private final String description;

    Benchmark(String simpleName, String mode, String unit, String description) {
        this.simpleName = simpleName;
        this.mode = mode;
        this.unit = unit;
        this.description = description;
    }

    /** The class's simple name, by which plans and results call it. */
    public String simpleName() {
        return simpleName;
    }

    /** JMH's short name of the mode: {@code thrpt}, {@code sample}, {@code ss} or {@code avgt}. */
    public String mode() {
        return mode;
    }

    /** Whether an iteration is a single operation, whatever time it takes. */
    public boolean isSingleShot() {
        return mode.equals("ss");
    }

    /** The unit of the score. */
    public String unit() {
        return unit;
    }

    /** What one operation is, in one line. */
    public String description() {
        return description;
    }

    /** Tokens that its context holds beyond {@code contextLength}: what it decodes on top. */
    public int contextRoom() {
        return switch (this) {
            case PROMPT_PROCESSING -> 512;
            case TOKEN_GENERATION, TOKEN_LATENCY -> 128;
            default -> 0;
        };
    }

    /** The parameters it has, in the order in which results name them. */
    public List<Parameter> parameters() {
        return switch (this) {
            case MODEL_LOAD -> List.of(MODEL, ENVIRONMENT, GPU_LAYERS);
            case NATIVE_CALL -> List.of(ENVIRONMENT);
            default -> List.of(Parameter.values());
        };
    }

    /** The simple names of all. */
    public static List<String> simpleNames() {
        return Stream.of(values()).map(Benchmark::simpleName).toList();
    }

    /** The benchmark of a simple name; empty if there is none. */
    public static Optional<Benchmark> named(String simpleName) {
        return Stream.of(values())
                .filter(benchmark -> benchmark.simpleName.equals(simpleName))
                .findFirst();
    }
}
