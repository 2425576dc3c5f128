/*
 * Lets two processes that use llama.cpp take turns, and takes their times at the same place in both.
 *
 * Loaded with LD_PRELOAD, it stands in front of ggml_backend_sched_graph_compute_async, which llama.cpp calls once a
 * token or micro-batch. A turn is a number of such calls; then the process waits, inside the call, until the other has had
 * its turn. src/test/scripts/fidelity.py starts both and reads the times.
 *
 * Several calls, which are tokens: timed is the whole loop around the call, from one call to the next: what llama.cpp
 * does, and what the program around it does. The first eighth of a turn, which washes the other process out of the caches,
 * and the last call, behind which a repetition may end, are not in the time.
 *
 * One call, which is a prompt: timed is from the call until ggml_backend_sched_synchronize has waited for it. What a
 * program does between two prompts, such as going back to a depth, is not in the time.
 *
 * Environment: TURNS_FILE, shared by both; TURNS_SIDE, 0 or 1; TURNS_CALLS of a turn; TURNS_SKIP, the calls before the
 * first turn; TURNS_LIBRARY, libggml-base.
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

enum { MOST_TURNS = 1 << 16 };

/* Zeros in the beginning; fidelity.py knows this layout. */
struct shared {
    _Atomic uint32_t turn;       /* of this side */
    _Atomic uint32_t turns[2];   /* that each side has had */
    uint32_t unused;
    uint64_t ns[2][MOST_TURNS];  /* that each took */
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
        fail("TURNS_LIBRARY is not the one in use");
    }
    int file = open(setting("TURNS_FILE"), O_RDWR);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || shared == MAP_FAILED) {
        fail("TURNS_FILE cannot be used");
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
    if (shared->turns[side] < MOST_TURNS) {
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
