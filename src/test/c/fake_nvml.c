/*
 * A fake libnvidia-ml for tests, never loaded outside of them: it answers what its macros say. Each scenario is a build
 * of its own, so that a function that an old driver lacks is really missing.
 *
 *   STUB             cannot be initialised, as the library that the CUDA toolkit puts under the unversioned name
 *   OLD              an old driver: neither v2 and v3 functions of memory and processes, nor the energy counter
 *   CARDS=n          number of cards; card i uses (1 + i) GiB
 *   ABOVE_TOTAL      memory in use above the card's total, which no card has
 *   FOLLOW           the memory in use is 1 GiB and the resident set of this process
 *   PROCESS=n        the bytes that this process is listed with, once fake_list(1) was called
 *   DRAWS            the process also stands in the list of those that draw, with half of it
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef CARDS
#define CARDS 1
#endif

#define GIB (1ULL << 30)
#define TOTAL (24 * GIB)

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };

#ifndef PROCESS
#define PROCESS 0
#endif

static int cards[CARDS];
static int initialised;
static int lost;
static int listed;

int nvmlInit_v2(void) {
#ifdef STUB
    return DRIVER_NOT_LOADED;
#else
    initialised++;
    return SUCCESS;
#endif
}

int nvmlShutdown(void) {
    initialised--;
    return SUCCESS;
}

/* For the tests to see that every initialisation is paired with a shutdown. */
int fake_initialised(void) {
    return initialised;
}

/* From now on this process is listed, or is not. */
void fake_list(int yes) {
    listed = yes;
}

/* From now on all cards are lost. */
void fake_lose(void) {
    lost = 1;
}

const char *nvmlErrorString(int code) {
    return code == DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Unknown Error";
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = CARDS;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    if (index >= CARDS) {
        return INVALID_ARGUMENT;
    }
    *device = &cards[index];
    return SUCCESS;
}

static int index_of(void *device) {
    return (int) ((int *) device - cards);
}

typedef struct {
    char busIdLegacy[16];
    unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} pci_info;

int
#ifdef OLD
nvmlDeviceGetPciInfo_v2
#else
nvmlDeviceGetPciInfo_v3
#endif
(void *device, pci_info *info) {
    snprintf(info->busIdLegacy, sizeof info->busIdLegacy, "0000:%02X:00.0", 0x0A + index_of(device));
    return SUCCESS;
}

static unsigned long long used(int index) {
#ifdef FOLLOW
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm) {
        if (fscanf(statm, "%*u %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(statm);
    }
    return (1 + index) * GIB + pages * (unsigned long long) sysconf(_SC_PAGESIZE);
#elif defined(ABOVE_TOTAL)
    return TOTAL + 1 + index;
#else
    return (1 + index) * GIB;
#endif
}

typedef struct {
    unsigned long long total, free, used;
} memory_v1;

int nvmlDeviceGetMemoryInfo(void *device, memory_v1 *memory) {
    if (lost) {
        return GPU_IS_LOST;
    }
    memory->total = TOTAL;
    memory->used = used(index_of(device));
    memory->free = TOTAL - memory->used;
    return SUCCESS;
}

typedef struct {
    unsigned int pid;
    unsigned long long used;
#ifndef OLD
    unsigned int gpuInstanceId, computeInstanceId;
#endif
} process_info;

static int processes(unsigned int *count, process_info *infos, unsigned long long bytes) {
    infos[0].pid = 1;
    infos[0].used = 123;
    *count = 1;
    if (listed) {
        infos[1].pid = (unsigned int) getpid();
        infos[1].used = bytes;
        *count = 2;
    }
    return SUCCESS;
}

#ifdef OLD
#define VERSION(name) name
#else
#define VERSION(name) name##_v3

typedef struct {
    unsigned int version;
    unsigned long long total, reserved, free, used;
} memory_v2;

int nvmlDeviceGetMemoryInfo_v2(void *device, memory_v2 *memory) {
    if (memory->version != (sizeof(memory_v2) | 2 << 24)) {
        return INVALID_ARGUMENT;
    }
    memory->total = TOTAL;
    memory->reserved = 300 << 20;
    memory->used = used(index_of(device)) - memory->reserved;
    memory->free = TOTAL - memory->used - memory->reserved;
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
    static unsigned long long drawn = 5000000000ULL;
    (void) device;
    *millijoules = drawn += 2500;
    return SUCCESS;
}
#endif

int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts) {
    (void) device;
    *milliwatts = 75000;
    return SUCCESS;
}

int VERSION(nvmlDeviceGetComputeRunningProcesses)(void *device, unsigned int *count, process_info *infos) {
    (void) device;
    return processes(count, infos, PROCESS);
}

int VERSION(nvmlDeviceGetGraphicsRunningProcesses)(void *device, unsigned int *count, process_info *infos) {
    (void) device;
#ifdef DRAWS
    return processes(count, infos, PROCESS / 2);
#else
    (void) infos;
    *count = 0;
    return SUCCESS;
#endif
}
