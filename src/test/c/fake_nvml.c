/*
 * A fake libnvidia-ml, for tests only. Macros set its answers. Each scenario is a separate build, so that a function
 * that old drivers lack is really missing. Times are in ms since the process's first nvmlInit_v2.
 *
 *   STUB              cannot be initialised, like the CUDA toolkit's library under the unversioned name
 *   OLD               an old driver: only first versions of functions, no energy counter, no MIG, old name of the
 *                     throttle reasons
 *   CARDS=n           number of cards; card i uses (1 + i) GiB
 *   ABOVE_TOTAL       memory in use is above the card's total, which is invalid
 *   FOLLOW            memory in use is 1 GiB plus the resident memory of this process
 *   FORKS=n           each JMH fork with this process's value of FAKE_FORKS holds n bytes of each card
 *   TIMELINE="t:m,…"  from time t on, m MiB are in use on the first card
 *   LOST_AT=t         all cards are lost from time t on
 *   PROCESS=n         bytes in this process's entry in the lists; ~0ULL as under WDDM and WSL2. The process is listed
 *                     once it has loaded llama.cpp or called fake_list(1)
 *   DRAWS             the process is also in the list of graphics processes, with half of these bytes
 *   FOREIGN           the lists have only other processes, as in a container with its own process ids
 *   ACCOUNTING=n      accounting is enabled; the peak of this process is n bytes
 *   ENDED             accounting knows only an ended process with this process's id
 *   MIG=n             each card is divided into n parts; part j has 5 GiB and uses (1 + j) * 256 MiB
 *   THROTTLE=bits     reasons for the current clocks; default: 1, idle
 *   READ_MICROS=n     a reading of the memory takes n µs
 *   DRIVER_MODEL=n    as on Windows: 0 WDDM, 1 TCC, 2 MCDM
 *   CARD              the stand-in card of card.h: its size, memory in use, and what this process holds. PROCESS, if
 *                     given, replaces the latter
 *   DISPLAY=n         0: no display connected, 1: connected, 2: active; default: not reported
 */
#define _GNU_SOURCE
#include <glob.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef CARD
#include "card.h"
#define CARDS 4
#define CARD_COUNT ((unsigned int) card_number("cards"))
#define TOTAL card_size()
#ifndef PROCESS
#define PROCESS card_process(getpid())
#endif
#endif
#ifndef CARDS
#define CARDS 1
#endif
#ifndef LOST_AT
#define LOST_AT ~0ULL
#endif
#ifndef PROCESS
#define PROCESS 0
#endif
#ifndef MIG
#define MIG 0
#endif
#ifndef FOREIGN
#define FOREIGN 0
#endif
#ifndef THROTTLE
#define THROTTLE 1
#endif

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#ifndef TOTAL
#define TOTAL (24 * GIB)
#endif
#ifndef CARD_COUNT
#define CARD_COUNT CARDS
#endif
#define PART_TOTAL (5 * GIB)
#define RESERVED (300 * MIB)
#define WATTS 75
#define MOST_PARTS 7

enum {
    SUCCESS = 0,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NOT_FOUND = 6,
    DRIVER_NOT_LOADED = 9,
    GPU_IS_LOST = 15
};

/* The target of a handle: a card, or a part of one. */
typedef struct {
    int card, part;
} device;

static device cards[CARDS];
static device parts[CARDS][MOST_PARTS];
static int initialised;
static int lost;
static int listed;
static struct timespec first_init;
static unsigned long long advanced;

static unsigned long long nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return advanced + (now.tv_sec - first_init.tv_sec) * 1000000000LL + (now.tv_nsec - first_init.tv_nsec);
}

static int is_lost(void) {
    return lost || nanos() / 1000000 >= LOST_AT;
}

int nvmlInit_v2(void) {
#ifdef STUB
    return DRIVER_NOT_LOADED;
#else
    if (first_init.tv_sec == 0) {
        clock_gettime(CLOCK_MONOTONIC, &first_init);
        for (int i = 0; i < CARDS; i++) {
            cards[i] = (device){i, -1};
            for (int j = 0; j < MOST_PARTS; j++) {
                parts[i][j] = (device){i, j};
            }
        }
    }
    initialised++;
    return SUCCESS;
#endif
}

int nvmlShutdown(void) {
    initialised--;
    return SUCCESS;
}

/* For tests: initialisations without a shutdown yet. */
int fake_initialised(void) {
    return initialised;
}

/* For tests: lists this process, or no longer lists it. */
void fake_list(int yes) {
    listed = yes;
}

/* For tests: advances the time by some ms. */
void fake_advance(int millis) {
    advanced += millis * 1000000ULL;
}

/* For tests: all cards are lost from now on. */
void fake_lose(void) {
    lost = 1;
}

static int is_llama(struct dl_phdr_info *info, size_t size, void *found) {
    (void) size;
    *(int *) found |= strstr(info->dlpi_name, "libllama") != NULL;
    return 0;
}

static int is_listed(void) {
    int llama = 0;
    dl_iterate_phdr(is_llama, &llama);
    return listed || llama;
}

#ifdef FORKS
/* Whether a file of a process contains some bytes. */
static int has(const char *process, const char *name, const char *bytes) {
    char path[64], text[65536];
    snprintf(path, sizeof path, "%s/%s", process, name);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text, file) : 0;
    if (file) {
        fclose(file);
    }
    return memmem(text, length, bytes, strlen(bytes)) != NULL;
}

static unsigned long long forks(void) {
    unsigned long long found = 0;
    char mark[4096];
    glob_t all;
    snprintf(mark, sizeof mark, "FAKE_FORKS=%s", getenv("FAKE_FORKS"));
    if (glob("/proc/[0-9]*", 0, NULL, &all) == 0) {
        for (size_t i = 0; i < all.gl_pathc; i++) {
            found += has(all.gl_pathv[i], "cmdline", "ForkedMain") && has(all.gl_pathv[i], "environ", mark);
        }
        globfree(&all);
    }
    return found;
}
#endif

const char *nvmlErrorString(int code) {
    return code == DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *version, unsigned int length) {
#ifdef OLD
    snprintf(version, length, "418.00");
#else
    snprintf(version, length, "570.00");
#endif
    return SUCCESS;
}

#ifndef OLD
int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = 12080;
    return SUCCESS;
}
#endif

int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = CARD_COUNT;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, device **handle) {
    if (index >= CARD_COUNT) {
        return INVALID_ARGUMENT;
    }
    *handle = &cards[index];
    return SUCCESS;
}

int nvmlDeviceGetName(device *of, char *name, unsigned int length) {
    snprintf(name, length, of->part < 0 ? "Fake GPU" : "Fake GPU MIG 1g.5gb");
    return SUCCESS;
}

int nvmlDeviceGetUUID(device *of, char *uuid, unsigned int length) {
    if (of->part < 0) {
        snprintf(uuid, length, "GPU-%d0000000-0000-0000-0000-000000000000", of->card);
    } else {
        snprintf(uuid, length, "MIG-%d%d000000-0000-0000-0000-000000000000", of->card, of->part);
    }
    return SUCCESS;
}

#ifdef OLD
#define V2(name) name
#define V3(name) name
#define PCI_INFO nvmlDeviceGetPciInfo_v2
#define REASONS nvmlDeviceGetCurrentClocksThrottleReasons
#else
#define V2(name) name##_v2
#define V3(name) name##_v3
#define PCI_INFO nvmlDeviceGetPciInfo_v3
#define REASONS nvmlDeviceGetCurrentClocksEventReasons
#endif

typedef struct {
    char busIdLegacy[16];
    unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} pci_info;

int PCI_INFO(device *of, pci_info *info) {
    snprintf(info->busIdLegacy, sizeof info->busIdLegacy, "0000:%02X:00.0", 0x0A + of->card);
    return SUCCESS;
}

int V2(nvmlDeviceGetDriverModel)(device *of, unsigned int *current, unsigned int *pending) {
    (void) of;
#ifdef DRIVER_MODEL
    *current = *pending = DRIVER_MODEL;
    return SUCCESS;
#else
    (void) current;
    (void) pending;
    return NOT_SUPPORTED;
#endif
}

#ifdef DISPLAY
int nvmlDeviceGetDisplayActive(device *of, unsigned int *active) {
    (void) of;
    *active = DISPLAY == 2;
    return SUCCESS;
}

int nvmlDeviceGetDisplayMode(device *of, unsigned int *connected) {
    (void) of;
    *connected = DISPLAY != 0;
    return SUCCESS;
}
#endif

#ifndef OLD
int nvmlDeviceGetPowerManagementLimit(device *of, unsigned int *milliwatts) {
    *milliwatts = 450000;
    return of->part < 0 ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetPersistenceMode(device *of, unsigned int *enabled) {
    *enabled = of->card == 0;
    return SUCCESS;
}

int nvmlDeviceGetMaxPcieLinkGeneration(device *of, unsigned int *generation) {
    (void) of;
    *generation = 4;
    return SUCCESS;
}

int nvmlDeviceGetMaxPcieLinkWidth(device *of, unsigned int *lanes) {
    *lanes = of->card == 0 ? 16 : 8;
    return SUCCESS;
}
#endif

static unsigned long long used(const device *of) {
    if (of->part >= 0) {
        return (1 + of->part) * 256 * MIB;
    }
    unsigned long long bytes = (1 + of->card) * GIB;
#ifdef CARD
    bytes = card_wanted() < TOTAL ? card_wanted() : TOTAL;
#endif
#ifdef FOLLOW
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm) {
        if (fscanf(statm, "%*u %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(statm);
    }
    bytes += pages * (unsigned long long) sysconf(_SC_PAGESIZE);
#endif
#ifdef FORKS
    bytes += forks() * (FORKS);
#endif
#ifdef ABOVE_TOTAL
    bytes += TOTAL;
#endif
#ifdef TIMELINE
    if (of->card == 0) {
        unsigned long long from, mib, now = nanos() / 1000000;
        int length;
        for (const char *entry = TIMELINE; sscanf(entry, "%llu:%llu%n", &from, &mib, &length) == 2 && from <= now;
             entry += entry[length] == ',' ? length + 1 : length) {
            bytes = mib * MIB;
        }
    }
#endif
    return bytes;
}

typedef struct {
    unsigned long long total, free, used;
} memory_v1;

int nvmlDeviceGetMemoryInfo(device *of, memory_v1 *memory) {
    if (is_lost()) {
        return GPU_IS_LOST;
    }
#ifdef READ_MICROS
    for (unsigned long long end = nanos() + READ_MICROS * 1000ULL; nanos() < end;) {
    }
#endif
    memory->total = of->part < 0 ? TOTAL : PART_TOTAL;
    memory->used = used(of);
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

#ifndef OLD
typedef struct {
    unsigned int version;
    unsigned long long total, reserved, free, used;
} memory_v2;

int nvmlDeviceGetMemoryInfo_v2(device *of, memory_v2 *memory) {
    if (is_lost()) {
        return GPU_IS_LOST;
    }
    if (memory->version != (sizeof(memory_v2) | 2 << 24)) {
        return INVALID_ARGUMENT;
    }
    memory->total = of->part < 0 ? TOTAL : PART_TOTAL;
    memory->reserved = RESERVED;
    memory->used = used(of) - memory->reserved;
    memory->free = memory->total - memory->used - memory->reserved;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(device *of, unsigned int *current, unsigned int *pending) {
    (void) of;
    *current = *pending = MIG > 0;
    return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(device *of, unsigned int *count) {
    (void) of;
    *count = MOST_PARTS;
    return SUCCESS;
}

int nvmlDeviceGetMigDeviceHandleByIndex(device *of, unsigned int index, device **handle) {
    if ((int) index >= MIG) {
        return NOT_FOUND;
    }
    *handle = &parts[of->card][index];
    return SUCCESS;
}
#endif

typedef struct {
    unsigned int pid;
    unsigned long long used;
#ifndef OLD
    unsigned int gpuInstanceId, computeInstanceId;
#endif
} process_info;

static int processes(unsigned int *count, process_info *infos, unsigned long long bytes) {
    if (is_lost()) {
        return GPU_IS_LOST;
    }
    *count = 0;
#ifndef CARD
    infos[*count].pid = 1;
    infos[(*count)++].used = 123;
#endif
    if (is_listed() && !FOREIGN) {
        infos[*count].pid = (unsigned int) getpid();
        infos[(*count)++].used = bytes;
    }
    return SUCCESS;
}

int V3(nvmlDeviceGetComputeRunningProcesses)(device *of, unsigned int *count, process_info *infos) {
    (void) of;
    return processes(count, infos, PROCESS);
}

int V3(nvmlDeviceGetGraphicsRunningProcesses)(device *of, unsigned int *count, process_info *infos) {
    if (of->part >= 0) {
        return NOT_SUPPORTED;
    }
#ifdef DRAWS
    return processes(count, infos, PROCESS / 2);
#else
    (void) infos;
    *count = 0;
    return SUCCESS;
#endif
}

int nvmlDeviceGetAccountingMode(device *of, unsigned int *enabled) {
    (void) of;
#ifdef ACCOUNTING
    *enabled = 1;
#else
    *enabled = 0;
#endif
    return SUCCESS;
}

typedef struct {
    unsigned int gpuUtilization, memoryUtilization;
    unsigned long long maxMemoryUsage, time, startTime;
    unsigned int isRunning, reserved[5];
} accounting_stats;

int nvmlDeviceGetAccountingStats(device *of, unsigned int pid, accounting_stats *stats) {
    (void) of;
#ifdef ACCOUNTING
    if (is_lost()) {
        return GPU_IS_LOST;
    }
    if (pid != (unsigned int) getpid() || !is_listed()) {
        return NOT_FOUND;
    }
    memset(stats, 0, sizeof *stats);
    stats->maxMemoryUsage = ACCOUNTING;
#ifndef ENDED
    stats->isRunning = 1;
#endif
    return SUCCESS;
#else
    (void) pid;
    (void) stats;
    return NOT_SUPPORTED;
#endif
}

/* Result of functions for whole cards. Parts do not support them. */
static int whole_card(const device *of) {
    return of->part >= 0 ? NOT_SUPPORTED : is_lost() ? GPU_IS_LOST : SUCCESS;
}

#ifndef OLD
int nvmlDeviceGetTotalEnergyConsumption(device *of, unsigned long long *millijoules) {
    *millijoules = 5000000000ULL + nanos() / 1000 * WATTS / 1000;
    return whole_card(of);
}
#endif

int nvmlDeviceGetPowerUsage(device *of, unsigned int *milliwatts) {
    *milliwatts = WATTS * 1000;
    return whole_card(of);
}

int nvmlDeviceGetClockInfo(device *of, int clock, unsigned int *megahertz) {
    *megahertz = clock == 1 ? 1500 : clock == 2 ? 9500 : 0;
    return whole_card(of);
}

int nvmlDeviceGetUtilizationRates(device *of, unsigned int *shares) {
    shares[0] = 97;
    shares[1] = 41;
    return whole_card(of);
}

int nvmlDeviceGetTemperature(device *of, int sensor, unsigned int *celsius) {
    *celsius = 61;
    return sensor == 0 ? whole_card(of) : INVALID_ARGUMENT;
}

int REASONS(device *of, unsigned long long *reasons) {
    *reasons = THROTTLE;
    return whole_card(of);
}
