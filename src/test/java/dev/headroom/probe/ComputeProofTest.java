package dev.headroom.probe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComputeProofTest {
    @Test
    void onlyNearbyLogitsPass() {
        float[] right = ComputeProof.logits();
        assertThat(ComputeProof.fits(right)).isTrue();
        float[] rounded = right.clone();
        rounded[0] *= 1.02f;
        assertThat(ComputeProof.fits(rounded)).isTrue();
        float[] wrong = right.clone();
        wrong[2] = -wrong[2];
        assertThat(ComputeProof.fits(wrong)).isFalse();
        assertThat(ComputeProof.fits(new float[right.length])).isFalse();
        for (float nonsense : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
            float[] one = right.clone();
            one[right.length - 1] = nonsense;
            assertThat(ComputeProof.fits(one)).as("%s", nonsense).isFalse();
        }
    }
}
