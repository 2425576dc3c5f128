package dev.headroom.llama.binding;

import java.util.List;
import java.util.Optional;

/**
 * The layouts of the parameter structs in some llama.cpp releases. The structs change between releases and have no size
 * field. So a layout is used only if the library's default values match it.
 *
 * <p>A later release that only appends fields matches too. The appended fields keep the library's defaults.
 *
 * @param versions the releases with this layout, checked against their headers
 */
public record ParamsLayout(String versions, StructLayout model, StructLayout context) {
    private static final int AUTO = -1;
    private static final int LOAD_MODE_MMAP = 1;
    private static final int UNSPECIFIED = -1;
    private static final int GGML_TYPE_F16 = 1;
    private static final int NO_LAYERS_UNTIL_B6301 = 0;
    private static final int ALL_LAYERS_UNTIL_B7347 = 999;
    private static final int ALL_LAYERS = -1;

    private static final ParamsLayout V0_4 = new ParamsLayout(
            "v0.4.0, v0.5.0",
            modelWithLoadMode(modelStart().int32("load_mode", AUTO).int32("lazy_mode", 1)),
            contextOfB10361());

    private static final ParamsLayout B10361 = new ParamsLayout(
            "b10361", modelWithLoadMode(modelStart().int32("load_mode", LOAD_MODE_MMAP)), contextOfB10361());

    private static final ParamsLayout B9842 = new ParamsLayout(
            "b9842, b10068",
            modelOfB7698(),
            samplers(contextWithFlashAttnType(
                            threads(lengths().int32("n_rs_seq", 0).int32("n_outputs_max", 0))
                                    .int32("ctx_type", 0)))
                    .pointer("ctx_other"));

    private static final ParamsLayout B7698 = new ParamsLayout(
            "b7698, b7836, b8095, b8121, b8179, b8352, b8390", modelOfB7698(), samplers(contextOfB6431()));

    private static final ParamsLayout B6845 =
            new ParamsLayout("b6845, b7324, b7347", modelOfB6122().bool("no_host", 0), contextOfB6431());

    private static final ParamsLayout B6431 = new ParamsLayout("b6431, b6673", modelOfB6122(), contextOfB6431());

    private static final ParamsLayout B6122 = new ParamsLayout(
            "b6122, b6133, b6301", modelOfB6122(), contextOfB5640().bool("kv_unified", 0));

    private static final ParamsLayout B5640 = new ParamsLayout("b5640", modelOfB5640(), contextOfB5640());

    /** All layouts, newest first. */
    public static final List<ParamsLayout> ALL = List.of(V0_4, B10361, B9842, B7698, B6845, B6431, B6122, B5640);

    /** The oldest supported release. */
    public static final String OLDEST = "b5640";

    /** The newest supported release. */
    public static final String NEWEST = "v0.5.0";

    /** The newest layout that matches a library's default parameters; empty if none does. */
    public static Optional<ParamsLayout> fitting(Params modelDefaults, Params contextDefaults) {
        return ALL.stream()
                .filter(layout -> layout.model.misfit(modelDefaults).isEmpty()
                        && layout.context.misfit(contextDefaults).isEmpty())
                .findFirst();
    }

    private static StructLayout modelStart() {
        return new StructLayout()
                .pointer("devices")
                .pointer("tensor_buft_overrides")
                .int32("n_gpu_layers", ALL_LAYERS, ALL_LAYERS_UNTIL_B7347, NO_LAYERS_UNTIL_B6301)
                .int32("split_mode", 1);
    }

    private static StructLayout modelPointers(StructLayout start) {
        return start.int32("main_gpu", 0)
                .pointer("tensor_split")
                .pointer("progress_callback")
                .pointer("progress_callback_user_data")
                .pointer("kv_overrides")
                .bool("vocab_only", 0);
    }

    private static StructLayout modelOfB5640() {
        return modelPointers(modelStart())
                .bool("use_mmap", 1)
                .bool("use_mlock", 0)
                .bool("check_tensors", 0);
    }

    private static StructLayout modelOfB6122() {
        return modelOfB5640().bool("use_extra_bufts", 1);
    }

    private static StructLayout modelOfB7698() {
        return modelPointers(modelStart())
                .bool("use_mmap", 1)
                .bool("use_direct_io", 0, 1)
                .bool("use_mlock", 0)
                .bool("check_tensors", 0)
                .bool("use_extra_bufts", 1)
                .bool("no_host", 0)
                .bool("no_alloc", 0);
    }

    private static StructLayout modelWithLoadMode(StructLayout start) {
        return modelPointers(start)
                .bool("check_tensors", 0)
                .bool("use_extra_bufts", 1)
                .bool("no_host", 0)
                .bool("no_alloc", 0)
                .bool("load_mtp", 0);
    }

    private static StructLayout lengths() {
        return new StructLayout()
                .int32("n_ctx", 512)
                .int32("n_batch", 2048)
                .int32("n_ubatch", 512)
                .int32("n_seq_max", 1);
    }

    private static StructLayout threads(StructLayout context) {
        return context.int32("n_threads", 4).int32("n_threads_batch", 4);
    }

    private static StructLayout types(StructLayout context) {
        return context.int32("rope_scaling_type", UNSPECIFIED)
                .int32("pooling_type", UNSPECIFIED)
                .int32("attention_type", UNSPECIFIED);
    }

    /** From {@code rope_freq_base} to {@code offload_kqv}. Some defaults differ between releases. */
    private static StructLayout numbers(StructLayout context) {
        return context.float32("rope_freq_base", 0)
                .float32("rope_freq_scale", 0)
                .float32("yarn_ext_factor", -1)
                .float32("yarn_attn_factor", -1, 1)
                .float32("yarn_beta_fast", -1, 32)
                .float32("yarn_beta_slow", -1, 1)
                .int32("yarn_orig_ctx", 0)
                .float32("defrag_thold", -1)
                .pointer("cb_eval")
                .pointer("cb_eval_user_data")
                .int32("type_k", GGML_TYPE_F16)
                .int32("type_v", GGML_TYPE_F16)
                .pointer("abort_callback")
                .pointer("abort_callback_data")
                .bool("embeddings", 0)
                .bool("offload_kqv", 1);
    }

    private static StructLayout lastBools(StructLayout context) {
        return context.bool("no_perf", 1).bool("op_offload", 1).bool("swa_full", 1);
    }

    private static StructLayout contextOfB5640() {
        return lastBools(numbers(types(threads(lengths()))).bool("flash_attn", 0));
    }

    private static StructLayout contextWithFlashAttnType(StructLayout start) {
        return lastBools(numbers(types(start).int32("flash_attn_type", AUTO))).bool("kv_unified", 0);
    }

    private static StructLayout contextOfB6431() {
        return contextWithFlashAttnType(threads(lengths()));
    }

    private static StructLayout contextOfB10361() {
        return samplers(contextWithFlashAttnType(threads(lengths()
                                .int32("n_rs_seq", 0)
                                .int32("n_outputs_max", 0)
                                .int32("n_outputs_max_per_seq", 1))
                        .int32("ctx_type", 0)))
                .pointer("ctx_other");
    }

    private static StructLayout samplers(StructLayout context) {
        return context.pointer("samplers").size("n_samplers", 0);
    }
}
