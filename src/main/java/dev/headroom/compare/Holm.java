package dev.headroom.compare;

import java.util.Arrays;

/** Holm's procedure for testing several hypotheses: it limits the probability of one or more false rejections. */
final class Holm {
    private Holm() {}

    /**
     * The significance level at which Holm's procedure stops: a hypothesis is rejected if p ≤ level. Confidence
     * intervals at this level agree with the verdicts. The level is {@code probability} divided by the number of
     * hypotheses that are not rejected, or by 1 if all are.
     *
     * @param p p values of all hypotheses
     * @param probability the allowed probability of one or more false rejections
     */
    static double level(double[] p, double probability) {
        double[] sorted = p.clone();
        Arrays.sort(sorted);
        int remaining = sorted.length;
        for (double each : sorted) {
            if (!(each <= probability / remaining)) {
                break;
            }
            remaining--;
        }
        return probability / Math.max(1, remaining);
    }
}
