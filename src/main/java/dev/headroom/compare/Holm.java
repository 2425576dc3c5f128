package dev.headroom.compare;

import java.util.Arrays;

/**
 * Holm's procedure: of many comparisons, at which level each may be judged so that one or more false verdicts among
 * them all have at most a given probability.
 */
final class Holm {
    private Holm() {}

    /**
     * The level at which Holm stops. What is rejected has a p value of at most this, and what is not a larger one, so
     * that intervals at this level agree with every verdict: the probability divided by the number of hypotheses that
     * stand, or by 1 if none does.
     *
     * @param p of every hypothesis
     * @param probability of one false rejection or more
     */
    static double level(double[] p, double probability) {
        double[] sorted = p.clone();
        Arrays.sort(sorted);
        int standing = sorted.length;
        for (double each : sorted) {
            if (!(each <= probability / standing)) {
                break;
            }
            standing--;
        }
        return probability / Math.max(1, standing);
    }
}
