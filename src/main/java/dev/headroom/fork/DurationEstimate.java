package dev.headroom.fork;

import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import java.time.Duration;

/**
 * A rough estimate of a cell's duration: minutes or hours. While the run goes on, the estimate of the rest is scaled by
 * the time that the finished cells took.
 *
 * @param parameters number of weights in the cell's model; 0 without a model
 * @param fileBytes size of the model's file in bytes
 * @param gpu whether a GPU is present
 */
public record DurationEstimate(Cell cell, long parameters, long fileBytes, boolean gpu) {
    /** Floating-point operations per second and core in prompt processing, the order seen with AVX2 and AVX-512. */
    private static final double CORE_FLOPS = 40e9;

    /** Floating-point operations per second of a small GPU. */
    private static final double GPU_FLOPS = 2e12;

    /** A thousand years in ms. The sum over a plan then cannot overflow. */
    private static final double MOST_MILLIS = 1000 * 365.25 * 86_400_000;

    private static final double START_SECONDS = 1.5;
    private static final double LOAD_BYTES_PER_SECOND = 1e9;

    /**
     * The depth in tokens at which attention doubles the cost of a token, for models of 0.1 to 1 billion parameters.
     */
    private static final double DEPTH_THAT_DOUBLES = 4096;

    /** The duration of all forks of the cell. */
    public Duration duration() {
        return seconds(fork().toMillis() / 1e3 * cell.settings().forks());
    }

    /** The duration of one fork. */
    public Duration fork() {
        int iterations = cell.settings().warmup() + cell.settings().iterations();
        int room = cell.benchmark().contextRoom();
        double load = fileBytes / LOAD_BYTES_PER_SECOND;
        double seconds = cell.settings().time().toMillis() / 1e3;
        double fork =
                switch (cell.benchmark()) {
                    case NATIVE_CALL -> iterations * seconds;
                    case MODEL_LOAD -> iterations * load;
                    case CONTEXT_CREATION -> load + iterations * 0.1;
                    case TIME_TO_FIRST_TOKEN -> load + iterations * prompt(0, contextLength());
                    case PROMPT_PROCESSING ->
                        load
                                + prompt(0, contextLength())
                                + iterations * Math.max(seconds, prompt(contextLength(), room));
                    case TOKEN_GENERATION, TOKEN_LATENCY -> load + prompt(0, contextLength()) + iterations * seconds;
                };
        return seconds(START_SECONDS + fork);
    }

    /** The duration of the longest llama.cpp call: a whole batch at the end of the context. */
    Duration batch() {
        if (!cell.has(Parameter.BATCH)) {
            return Duration.ZERO;
        }
        int batch = cell.value(Parameter.BATCH);
        return seconds(prompt(Math.max(0, contextLength() - batch), batch));
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(Math.min(MOST_MILLIS, 1e3 * seconds)));
    }

    private int contextLength() {
        return cell.value(Parameter.CONTEXT_LENGTH);
    }

    /**
     * Seconds for a prompt: two operations per weight and token, and the average cost of attention from {@code depth}
     * on.
     */
    private double prompt(int depth, int tokens) {
        double flops = gpu ? GPU_FLOPS : CORE_FLOPS * Math.max(1, cell.value(Parameter.THREADS));
        double attention = 1 + (depth + tokens / 2.0) / DEPTH_THAT_DOUBLES;
        return tokens * 2.0 * parameters / flops * attention;
    }
}
