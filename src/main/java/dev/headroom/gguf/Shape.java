package dev.headroom.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a public model: all that llama.cpp needs to know to build its graph, but no weights.
 *
 * @param id in names of synthetic models, lower case
 * @param name for people
 * @param source the public file the numbers were taken from
 * @param architecture llama.cpp's name
 * @param embedding numbers a token's vector has
 * @param feedForward inner size of the feed-forward network
 * @param heads attention heads for queries
 * @param kvHeads attention heads for keys and values
 * @param headSize numbers a head has
 * @param vocabulary tokens
 * @param context tokens the model was trained for
 * @param tiedEmbeddings the embedding matrix also is the output matrix and stored once
 * @param qkNorm queries and keys are normalised per head
 * @param outputBias the attention's output projection has a bias
 * @param postNorms attention and feed-forward are normalised after as well as before
 * @param attentionSinks each head has a learned logit that attends to nothing
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
     * How rotary positions are stretched.
     *
     * @param type {@code llama3} (by a tensor of factors), {@code linear} or {@code yarn}
     * @param originalContext tokens before stretching; 0 for {@code linear}
     */
    public record RopeScaling(
            String type, double factor, long originalContext, double lowFrequencyFactor, double highFrequencyFactor) {}

    /**
     * Layers that see the last tokens only.
     *
     * @param tokens they see
     * @param period every period-th layer sees the whole context; llama.cpp knows it by architecture, the file does not
     *     say it
     */
    public record SlidingWindow(long tokens, int period) {}

    /**
     * A mixture of experts in place of the feed-forward network.
     *
     * @param used experts a token passes through
     * @param feedForward inner size of one expert
     * @param type of the experts' weights where the model is published in that type only, and so keeps it in every
     *     quantization
     */
    public record Experts(int count, int used, long feedForward, boolean bias, @Nullable GgufType type) {}

    /** A tensor without a type yet: {@code layer} is -1 outside the transformer blocks. */
    record Slot(String name, int layer, List<Long> dims) {
        boolean isExpert() {
            return dims.size() == 3;
        }

        long elements() {
            return dims.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
        }
    }

    /** Numbers in all tensors of the whole model. */
    public long parameterCount() {
        return slots(layers).stream().mapToLong(Slot::elements).sum();
    }

    /**
     * The tensors that llama.cpp's {@code load_arch_tensors} of this architecture wants, when the model is cut down to
     * {@code layerCount} layers.
     */
    List<Slot> slots(int layerCount) {
        List<Slot> slots = new ArrayList<>();
        slots.add(slot("token_embd.weight", embedding, vocabulary));
        if (ropeScaling != null && ropeScaling.type().equals("llama3")) {
            slots.add(slot("rope_freqs.weight", headSize / 2));
        }
        for (int layer = 0; layer < layerCount; layer++) {
            addBlock(slots, layer);
        }
        slots.add(slot("output_norm.weight", embedding));
        if (!tiedEmbeddings) {
            slots.add(slot("output.weight", embedding, vocabulary));
        }
        return slots;
    }

    private void addBlock(List<Slot> slots, int layer) {
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
        block.forEach((name, dims) -> slots.add(new Slot("blk." + layer + "." + name, layer, dims)));
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

    /** The metadata that llama.cpp's {@code load_hparams} reads, when the model is cut down to so many layers. */
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
     * What each rotary frequency is divided by, for {@code rope_freqs.weight}: long wavelengths by the factor, short
     * ones not at all, those between by a blend ("llama3" scaling, as in Llama 3.1's reference code).
     */
    float[] ropeFactors() {
        RopeScaling scaling = ropeScaling;
        if (scaling == null) {
            throw new IllegalStateException(id + " has no rope scaling");
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

    private static Slot slot(String name, Long... dims) {
        return new Slot(name, -1, List.of(dims));
    }
}
