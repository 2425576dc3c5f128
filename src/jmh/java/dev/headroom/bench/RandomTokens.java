package dev.headroom.bench;

import dev.headroom.llama.LlamaModel;
import java.util.SplittableRandom;

/** Random tokens of a model's vocabulary, the same in every fork. Speed does not depend on the tokens. */
final class RandomTokens {
    private final SplittableRandom random = new SplittableRandom(1);
    private final int vocabularySize;
    private final int beginOfSequence;

    RandomTokens(LlamaModel model) {
        this.vocabularySize = model.vocabularySize();
        this.beginOfSequence = model.beginOfSequence();
    }

    int next() {
        return random.nextInt(vocabularySize);
    }

    int[] next(int count) {
        return random.ints(count, 0, vocabularySize).toArray();
    }

    /** The first {@code length} tokens of a sequence. */
    int[] prompt(int length) {
        int[] tokens = next(length);
        if (length > 0) {
            tokens[0] = beginOfSequence;
        }
        return tokens;
    }
}
