/*
 * A wrapper around a real libllama, for real_compare.py. It allocates INJECT_MIB of memory when it is loaded. Before
 * each single token is decoded, it is busy for BUSY_US microseconds. All other calls go to the real library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As in llama.h. It is passed by value. */
struct llama_batch {
    int32_t n_tokens;
    void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

static int32_t (*decode)(void *, struct llama_batch);
static int64_t busy_ns;

/* Global, so that the compiler does not remove the allocation. */
void *loaded_llama_memory;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t number(const char *name) {
    const char *text = getenv(name);
    return text ? atoll(text) : 0;
}

__attribute__((constructor)) static void load(void) {
    size_t bytes = (size_t)number("INJECT_MIB") << 20;
    if (bytes > 0) {
        loaded_llama_memory = malloc(bytes);
        memset(loaded_llama_memory, 1, bytes);
    }
    busy_ns = number("BUSY_US") * 1000;
    decode = (int32_t (*)(void *, struct llama_batch))dlsym(RTLD_NEXT, "llama_decode");
}

int32_t llama_decode(void *context, struct llama_batch batch) {
    if (batch.n_tokens == 1) {
        for (int64_t end = now() + busy_ns; now() < end;) {
        }
    }
    return decode(context, batch);
}
