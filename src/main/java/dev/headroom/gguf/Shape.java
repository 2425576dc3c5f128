package dev.headroom.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a public model: everything that llama.cpp needs to build its graph, except the weights.
 *
 * @param id the part for the shape in ids of synthetic models, in lower case
 * @param name display name
 * @param source the public file that these numbers come from
 * @param architecture llama.cpp's name of the architecture
 * @param embedding length of a token's vector
 * @param feedForward inner size of the feed-forward network
 * @param heads number of attention heads for queries
 * @param kvHeads number of attention heads for keys and values
 * @param headSize length of a head's vector
 * @param vocabulary number of tokens in the vocabulary
 * @param context context length in tokens that the model was trained for
 * @param tiedEmbeddings whether the embedding matrix is also the output matrix and stored once
 * @param qkvBias whether the projections for queries, keys and values have a bias
 * @param qkNorm whether queries and keys are normalised per head
 * @param outputBias whether the attention's output projection has a bias
 * @param postNorms whether there is a norm after attention and feed-forward as well as before them
 * @param attentionSinks whether each head has a learned logit that belongs to no token
 */
public record Shape(
        String id,
        String name,
        String source,
        String architecture,
        int layers,
        long embedding,
        long feedForward,
        long heads,
        long kvHeads,
        long headSize,
        long vocabulary,
        long context,
        double normEpsilon,
        double ropeBase,
        boolean tiedEmbeddings,
        boolean qkvBias,
        boolean qkNorm,
        boolean outputBias,
        boolean postNorms,
        boolean attentionSinks,
        @Nullable RopeScaling ropeScaling,
        @Nullable SlidingWindow slidingWindow,
        @Nullable Experts experts) {

    /**
     * Scaling of rotary position embeddings to a longer context.
     *
     * @param type {@code llama3} (a tensor of factors), {@code linear} or {@code yarn}
     * @param originalContext context length in tokens before scaling; 0 for {@code linear}
     */
    public record RopeScaling(
            String type, double factor, long originalContext, double lowFrequencyFactor, double highFrequencyFactor) {}

    /**
     * Layers that attend only to the last tokens.
     *
     * @param tokens length of the window
     * @param period every period-th layer attends to the whole context. Files do not contain it: llama.cpp knows it for
     *     each architecture.
     */
    public record SlidingWindow(long tokens, int period) {}

    /**
     * A mixture of experts, used instead of the feed-forward network.
     *
     * @param used number of experts per token
     * @param feedForward inner size of one expert
     * @param type type of the experts' weights in every quantization, for models that are published only in this type
     */
    public record Experts(int count, int used, long feedForward, boolean bias, @Nullable TensorType type) {}

    /**
     * The name and dimensions of a tensor, without its type.
     *
     * @param layer transformer block; -1 outside the blocks
     */
    record TensorShape(String name, int layer, List<Long> dims) {
        boolean isExpert() {
            return dims.size() == 3;
        }

        long elements() {
            return dims.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
        }
    }

    /** The number of weights in the whole model. */
    public long parameterCount() {
        return tensors(layers).stream().mapToLong(TensorShape::elements).sum();
    }

    /**
     * The tensors that llama.cpp's {@code load_arch_tensors} requires for this architecture.
     *
     * @param layerCount number of layers to use of the model
     */
    List<TensorShape> tensors(int layerCount) {
        List<TensorShape> tensors = new ArrayList<>();
        tensors.add(tensor("token_embd.weight", embedding, vocabulary));
        if (ropeScaling != null && ropeScaling.type().equals("llama3")) {
            tensors.add(tensor("rope_freqs.weight", headSize / 2));
        }
        for (int layer = 0; layer < layerCount; layer++) {
            addBlock(tensors, layer);
        }
        tensors.add(tensor("output_norm.weight", embedding));
        if (!tiedEmbeddings) {
            tensors.add(tensor("output.weight", embedding, vocabulary));
        }
        return tensors;
    }

    private void addBlock(List<TensorShape> tensors, int layer) {
        long queries = heads * headSize;
        long keys = kvHeads * headSize;
        boolean gptOss = architecture.equals("gpt-oss");
        Map<String, List<Long>> block = new LinkedHashMap<>();
        block.put("attn_norm.weight", List.of(embedding));
        block.put("attn_q.weight", List.of(embedding, queries));
        block.put("attn_k.weight", List.of(embedding, keys));
        block.put("attn_v.weight", List.of(embedding, keys));
        block.put("attn_output.weight", List.of(queries, embedding));
        if (qkvBias) {
            block.put("attn_q.bias", List.of(queries));
            block.put("attn_k.bias", List.of(keys));
            block.put("attn_v.bias", List.of(keys));
        }
        if (outputBias) {
            block.put("attn_output.bias", List.of(embedding));
        }
        if (qkNorm) {
            block.put("attn_q_norm.weight", List.of(headSize));
            block.put("attn_k_norm.weight", List.of(headSize));
        }
        if (attentionSinks) {
            block.put("attn_sinks.weight", List.of(heads));
        }
        block.put(gptOss ? "post_attention_norm.weight" : "ffn_norm.weight", List.of(embedding));
        if (postNorms) {
            block.put("post_attention_norm.weight", List.of(embedding));
            block.put("post_ffw_norm.weight", List.of(embedding));
        }
        if (experts == null) {
            block.put("ffn_gate.weight", List.of(embedding, feedForward));
            block.put("ffn_up.weight", List.of(embedding, feedForward));
            block.put("ffn_down.weight", List.of(feedForward, embedding));
        } else {
            addExperts(block, experts);
        }
        block.forEach((name, dims) -> tensors.add(new TensorShape("blk." + layer + "." + name, layer, dims)));
    }

    private void addExperts(Map<String, List<Long>> block, Experts mixture) {
        long count = mixture.count();
        block.put("ffn_gate_inp.weight", List.of(embedding, count));
        block.put("ffn_gate_exps.weight", List.of(embedding, mixture.feedForward(), count));
        block.put("ffn_up_exps.weight", List.of(embedding, mixture.feedForward(), count));
        block.put("ffn_down_exps.weight", List.of(mixture.feedForward(), embedding, count));
        if (mixture.bias()) {
            block.put("ffn_gate_inp.bias", List.of(count));
            block.put("ffn_gate_exps.bias", List.of(mixture.feedForward(), count));
            block.put("ffn_up_exps.bias", List.of(mixture.feedForward(), count));
            block.put("ffn_down_exps.bias", List.of(embedding, count));
        }
    }

    /**
     * The metadata that llama.cpp's {@code load_hparams} reads.
     *
     * @param layerCount number of layers to use of the model
     */
    Map<String, GgufValue> hyperparameters(int layerCount) {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        values.put("vocab_size", GgufValue.uint32(vocabulary));
        values.put("context_length", GgufValue.uint32(context));
        values.put("embedding_length", GgufValue.uint32(embedding));
        values.put("block_count", GgufValue.uint32(layerCount));
        values.put("feed_forward_length", GgufValue.uint32(feedForward));
        values.put("attention.head_count", GgufValue.uint32(heads));
        values.put("attention.head_count_kv", GgufValue.uint32(kvHeads));
        values.put("attention.key_length", GgufValue.uint32(headSize));
        values.put("attention.value_length", GgufValue.uint32(headSize));
        values.put("attention.layer_norm_rms_epsilon", GgufValue.float32(normEpsilon));
        values.put("rope.dimension_count", GgufValue.uint32(headSize));
        values.put("rope.freq_base", GgufValue.float32(ropeBase));
        if (ropeScaling != null && !ropeScaling.type().equals("llama3")) {
            values.put("rope.scaling.type", GgufValue.of(ropeScaling.type()));
            values.put("rope.scaling.factor", GgufValue.float32(ropeScaling.factor()));
            if (ropeScaling.originalContext() > 0) {
                values.put("rope.scaling.original_context_length", GgufValue.uint32(ropeScaling.originalContext()));
            }
        }
        if (slidingWindow != null) {
            values.put("attention.sliding_window", GgufValue.uint32(slidingWindow.tokens()));
        }
        if (experts != null) {
            values.put("expert_count", GgufValue.uint32(experts.count()));
            values.put("expert_used_count", GgufValue.uint32(experts.used()));
            values.put("expert_feed_forward_length", GgufValue.uint32(experts.feedForward()));
        }
        Map<String, GgufValue> prefixed = new LinkedHashMap<>();
        values.forEach((key, value) -> prefixed.put(architecture + "." + key, value));
        return prefixed;
    }

    /**
     * The divisors of the rotary frequencies, for {@code rope_freqs.weight}: the scaling factor for long wavelengths, 1
     * for short ones, and a blend between them. This is "llama3" scaling, from Llama 3.1's reference code.
     */
    float[] ropeFactors() {
        RopeScaling scaling = ropeScaling;
        if (scaling == null) {
            throw new IllegalStateException("The shape " + id + " has no rope scaling.");
        }
        float[] factors = new float[(int) headSize / 2];
        for (int i = 0; i < factors.length; i++) {
            double wavelength = 2 * Math.PI * StrictMath.pow(ropeBase, 2.0 * i / headSize);
            double turns = scaling.originalContext() / wavelength;
            double blend = (turns - scaling.lowFrequencyFactor())
                    / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
            double clamped = Math.max(0, Math.min(1, blend));
            factors[i] = (float) (1 / ((1 - clamped) / scaling.factor() + clamped));
        }
        return factors;
    }

    private static TensorShape tensor(String name, Long... dims) {
        return new TensorShape(name, -1, List.of(dims));
    }
}
