package dev.headroom.fork;

import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import java.time.Duration;

/**
 * About how long a cell takes. Rough on purpose: it tells minutes from hours before a run, and as the run goes on the
 * rest is scaled by what the cells so far really took.
 *
 * @param parameters weights of the cell's model; 0 without a model
 * @param fileBytes size of the model's file
 * @param gpu whether layers go to a GPU
 */
public record DurationEstimate(Cell cell, long parameters, long fileBytes, boolean gpu) {
    /** Operations a second and core in prompt processing, of the order seen with AVX2 and AVX-512. */
    private static final double CORE_FLOPS = 40e9;

    /** The same for a small GPU. */
    private static final double GPU_FLOPS = 2e12;

    /** A thousand years in ms: whatever is asked for, the estimates of a whole plan can still be added up. */
    private static final double MOST_MILLIS = 1000 * 365.25 * 86_400_000;

    private static final double START_SECONDS = 1.5;
    private static final double LOAD_BYTES_PER_SECOND = 1e9;

    /** Attention makes a token cost about twice as much at this depth, for models of 0.1 to 1 billion parameters. */
    private static final double DEPTH_THAT_DOUBLES = 4096;

    /** Of all forks. */
    public Duration duration() {
        return seconds(fork().toMillis() / 1e3 * cell.settings().forks());
    }

    /** Of one fork. */
    public Duration fork() {
        int iterations = cell.settings().warmup() + cell.settings().iterations();
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
                                + iterations * Math.max(seconds, prompt(contextLength(), 512));
                    case TOKEN_GENERATION, TOKEN_LATENCY -> load + prompt(0, contextLength()) + iterations * seconds;
                };
        return seconds(START_SECONDS + fork);
    }

    /** Of the longest call of llama.cpp: a whole batch at the end of the context. */
    Duration batch() {
        if (!cell.benchmark().parameters().contains(Parameter.BATCH)) {
            return Duration.ZERO;
        }
        int batch = Integer.parseInt(cell.value(Parameter.BATCH));
        return seconds(prompt(Math.max(0, contextLength() - batch), batch));
    }

    private static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(Math.min(MOST_MILLIS, 1e3 * seconds)));
    }

    private int contextLength() {
        return Integer.parseInt(cell.value(Parameter.CONTEXT_LENGTH));
    }

    /** Two operations a weight and token, and what attention adds on average from {@code depth} on. */
    private double prompt(int depth, int tokens) {
        double flops = gpu ? GPU_FLOPS : CORE_FLOPS * Math.max(1, Integer.parseInt(cell.value(Parameter.THREADS)));
        double attention = 1 + (depth + tokens / 2.0) / DEPTH_THAT_DOUBLES;
        return tokens * 2.0 * parameters / flops * attention;
    }
}
