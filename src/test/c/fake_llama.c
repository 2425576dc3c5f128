/*
 * A fake libllama. It has llama.cpp's functions and returns the default parameters of llama.cpp b8352. All other calls
 * abort the process.
 *
 * N_CTX=n           default n_ctx; 512 if not defined, as in every release
 * WITHOUT_DECODE    leaves out llama_decode
 * ON_LOAD=statement body of ggml_backend_load_all_from_path
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef N_CTX
#define N_CTX 512
#endif
#ifndef ON_LOAD
#define ON_LOAD abort()
#endif

struct model_params {
    void *devices, *overrides;
    int32_t n_gpu_layers, split_mode, main_gpu;
    void *tensor_split, *progress, *progress_data, *kv_overrides;
    bool vocab_only, use_mmap, use_direct_io, use_mlock, check_tensors, use_extra_bufts, no_host, no_alloc;
};

struct context_params {
    int32_t n_ctx, n_batch, n_ubatch, n_seq_max, n_threads, n_threads_batch;
    int32_t rope_scaling_type, pooling_type, attention_type, flash_attn_type;
    float rope_freq_base, rope_freq_scale, yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow;
    int32_t yarn_orig_ctx;
    float defrag_thold;
    void *cb_eval, *cb_eval_data;
    int32_t type_k, type_v;
    void *abort_callback, *abort_data;
    bool embeddings, offload_kqv, no_perf, op_offload, swa_full, kv_unified;
    void *samplers;
    size_t n_samplers;
};

struct model_params llama_model_default_params(void) {
    return (struct model_params){.n_gpu_layers = -1, .split_mode = 1, .use_mmap = true, .use_extra_bufts = true};
}

struct context_params llama_context_default_params(void) {
    return (struct context_params){
        .n_ctx = N_CTX, .n_batch = 2048, .n_ubatch = 512, .n_seq_max = 1, .n_threads = 4, .n_threads_batch = 4,
        .rope_scaling_type = -1, .pooling_type = -1, .attention_type = -1, .flash_attn_type = -1,
        .yarn_ext_factor = -1, .yarn_attn_factor = -1, .yarn_beta_fast = -1, .yarn_beta_slow = -1,
        .defrag_thold = -1, .type_k = 1, .type_v = 1,
        .offload_kqv = true, .no_perf = true, .op_offload = true, .swa_full = true};
}

void llama_log_set(void *callback, void *data) { (void) callback; (void) data; }
void ggml_log_set(void *callback, void *data) { (void) callback; (void) data; }
void ggml_backend_load_all_from_path(const char *path) { (void) path; ON_LOAD; }

#define NEVER(name) void name(void) { fputs(#name " was called\n", stderr); abort(); }
NEVER(llama_backend_init) NEVER(llama_print_system_info) NEVER(llama_max_devices)
NEVER(llama_model_load_from_file) NEVER(llama_model_free) NEVER(llama_model_get_vocab) NEVER(llama_model_n_ctx_train)
NEVER(llama_model_n_swa) NEVER(llama_model_desc) NEVER(llama_model_meta_val_str) NEVER(llama_model_n_params)
NEVER(llama_model_size) NEVER(llama_model_is_recurrent) NEVER(llama_vocab_n_tokens) NEVER(llama_vocab_bos)
NEVER(llama_init_from_model) NEVER(llama_free) NEVER(llama_n_batch) NEVER(llama_n_ctx)
NEVER(llama_attach_threadpool) NEVER(llama_detach_threadpool) NEVER(llama_synchronize) NEVER(llama_get_logits_ith)
NEVER(llama_get_memory) NEVER(llama_memory_clear) NEVER(llama_memory_seq_rm) NEVER(llama_memory_seq_pos_min)
NEVER(llama_memory_seq_pos_max) NEVER(llama_state_seq_get_size) NEVER(llama_state_seq_get_data)
NEVER(llama_state_seq_set_data)
#ifndef WITHOUT_DECODE
NEVER(llama_decode)
#endif
NEVER(ggml_backend_load_all) NEVER(ggml_backend_dev_count) NEVER(ggml_backend_dev_get) NEVER(ggml_backend_dev_by_type)
NEVER(ggml_backend_dev_name) NEVER(ggml_backend_dev_description) NEVER(ggml_backend_dev_memory)
NEVER(ggml_backend_dev_type) NEVER(ggml_backend_dev_backend_reg) NEVER(ggml_backend_dev_buffer_type)
NEVER(ggml_backend_buft_get_max_size) NEVER(ggml_backend_buft_alloc_buffer) NEVER(ggml_backend_buffer_clear)
NEVER(ggml_backend_buffer_free) NEVER(ggml_backend_reg_get_proc_address) NEVER(ggml_threadpool_params_init)
