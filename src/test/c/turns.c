/*
 * Makes two processes that use llama.cpp take turns, and times them at the same place in both.
 *
 * It is loaded with LD_PRELOAD and replaces ggml_backend_sched_graph_compute_async. llama.cpp calls that function
 * once for each token or micro-batch. A turn is a number of such calls. Then the process waits, inside the call,
 * until the other has had its turn. src/test/scripts/fidelity.py starts both processes and reads the times.
 *
 * Turns of several calls are for tokens. The time is that of the whole loop, from call to call: llama.cpp and the
 * program around it. Two parts are left out: the first eighth of a turn, which refills the CPU caches, and the last
 * call, which may end a repetition.
 *
 * Turns of one call are for prompts. The time is from the call until ggml_backend_sched_synchronize has waited for
 * it. Work between two prompts, such as the return to a depth, is left out.
 *
 * Environment:
 * TURNS_FILE     the shared file
 * TURNS_SIDE     0 or 1
 * TURNS_CALLS    calls in a turn
 * TURNS_SKIP     calls before the first turn
 * TURNS_LIBRARY  the path of libggml-base
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TURNS = 1 << 16 };

/* All zero at the start. fidelity.py uses the same layout. */
struct shared {
    _Atomic uint32_t turn;       /* the side whose turn it is */
    _Atomic uint32_t turns[2];   /* finished turns of each side */
    uint32_t unused;
    uint64_t ns[2][MAX_TURNS];  /* times of these turns */
};

typedef int compute(void *sched, void *graph);
typedef void synchronize(void *sched);

static struct shared *shared;
static compute *real_compute;
static synchronize *real_synchronize;
static uint32_t side;
static long calls, skip, done;
static uint64_t began;

static void fail(const char *what) {
    fprintf(stderr, "turns: %s\n", what);
    abort();
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) {
        fail(name);
    }
    return value;
}

static void start(void) {
    void *library = dlopen(setting("TURNS_LIBRARY"), RTLD_NOW | RTLD_NOLOAD);
    if (library) {
        real_compute = (compute *) dlsym(library, "ggml_backend_sched_graph_compute_async");
        real_synchronize = (synchronize *) dlsym(library, "ggml_backend_sched_synchronize");
    }
    if (!real_compute || !real_synchronize) {
        fail("TURNS_LIBRARY is not the loaded library: give the libggml-base of this process");
    }
    int file = open(setting("TURNS_FILE"), O_RDWR);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || shared == MAP_FAILED) {
        fail("TURNS_FILE cannot be mapped: give a writable file");
    }
    side = (uint32_t) atoi(setting("TURNS_SIDE"));
    calls = atol(setting("TURNS_CALLS"));
    skip = atol(setting("TURNS_SKIP"));
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t) time.tv_sec * 1000000000u + (uint64_t) time.tv_nsec;
}

static void wait_for_turn(void) {
    if (done > skip) {
        shared->turn = 1 - side;
        syscall(SYS_futex, &shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
    while (shared->turn != side) {
        syscall(SYS_futex, &shared->turn, FUTEX_WAIT, 1 - side, NULL, NULL, 0);
    }
}

static void end_of_turn(void) {
    if (shared->turns[side] < MAX_TURNS) {
        shared->ns[side][shared->turns[side]] = now() - began;
        shared->turns[side]++;
    }
    began = 0;
}

int ggml_backend_sched_graph_compute_async(void *sched, void *graph) {
    if (!real_compute) {
        start();
    }
    if (done >= skip) {
        long position = (done - skip) % calls;
        if (position == 0) {
            wait_for_turn();
        }
        if (position == calls / 8) {
            began = now();
        }
        if (calls > 1 && position == calls - 1) {
            end_of_turn();
        }
    }
    done++;
    return real_compute(sched, graph);
}

void ggml_backend_sched_synchronize(void *sched) {
    if (!real_synchronize) {
        start();
    }
    real_synchronize(sched);
    if (calls == 1 && began) {
        end_of_turn();
    }
}
