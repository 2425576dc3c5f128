package dev.headroom.llama;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures the speed of prompts with different numbers of outputs, for docs/benchmarks.md. All contexts are in one
 * process. They take turns of one prompt in random order, on one thread, whose CPU time counts. So other programs on
 * the machine disturb little. Each round makes new contexts, as the addresses of buffers change their speed.
 */
final class OutputsTrials {
    private static final int PROMPT = 512;
    private static final int BATCH = 2048;
    private static final List<Integer> OUTPUTS = List.of(1, 2, 8, 16, 64, 256, 512, BATCH);

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Random random = new Random(1);
    private final LlamaModel model;
    private final int depth;
    private final int[] prompt;

    private OutputsTrials(LlamaModel model, int depth) {
        this.model = model;
        this.depth = depth;
        this.prompt = tokens(PROMPT);
    }

    /** Arguments: directory of llama.cpp, model, depth, rounds, prompts in a round. */
    public static void main(String[] args) {
        int rounds = Integer.parseInt(args[3]);
        double[][] speeds = new double[OUTPUTS.size()][rounds];
        try (LlamaModel model = LlamaModel.load(LlamaLibrary.open(Path.of(args[0])), Path.of(args[1]), 0)) {
            OutputsTrials trials = new OutputsTrials(model, Integer.parseInt(args[2]));
            for (int round = 0; round < rounds; round++) {
                long[] times = trials.round(Integer.parseInt(args[4]));
                for (int i = 0; i < times.length; i++) {
                    speeds[i][round] = (double) times[times.length - 1] / times[i];
                }
            }
        }
        for (int i = 0; i < speeds.length; i++) {
            Arrays.sort(speeds[i]);
            System.out.printf(
                    Locale.ROOT,
                    "outputs %d: speed against %d: median %.3f, %.3f to %.3f%n",
                    OUTPUTS.get(i),
                    BATCH,
                    speeds[i][rounds / 2],
                    speeds[i][0],
                    speeds[i][rounds - 1]);
        }
    }

    /** The CPU time of some prompts for each number of outputs. */
    private long[] round(int prompts) {
        int[] before = tokens(depth);
        List<LlamaContext> contexts = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        try {
            for (int i = 0; i < OUTPUTS.size(); i++) {
                contexts.add(LlamaContext.create(
                        model,
                        new ContextSettings(
                                depth + PROMPT, BATCH, 512, KvType.F16, FlashAttention.AUTO, 1, OUTPUTS.get(i))));
                contexts.get(i).decode(before);
                decode(contexts.get(i));
                order.add(i);
            }
            long[] times = new long[OUTPUTS.size()];
            for (int n = 0; n < prompts; n++) {
                Collections.shuffle(order, random);
                for (int i : order) {
                    times[i] += decode(contexts.get(i));
                }
            }
            return times;
        } finally {
            contexts.forEach(LlamaContext::close);
        }
    }

    private long decode(LlamaContext context) {
        long begin = threads.getCurrentThreadCpuTime();
        context.decode(prompt);
        context.synchronize();
        long time = threads.getCurrentThreadCpuTime() - begin;
        context.truncate(depth);
        return time;
    }

    private int[] tokens(int count) {
        return random.ints(count, 1, 30_000).toArray();
    }
}
