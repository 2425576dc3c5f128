/*
 * A fake pdh.dll, for tests only. It has performance counters of two graphics adapters, of other processes, and of one
 * process named by the test. It reads arguments as Windows does, except that wide characters have this system's width.
 */
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define MIB (1LL << 20)

enum { SUCCESS = 0, NEW_DATA = 1, FMT_LARGE = 0x400 };
enum { MORE_DATA = (int)0x800007D2, NO_DATA = (int)0x800007D5, NO_OBJECT = (int)0xC0000BB8, INVALID = (int)0xC0000BBD };

typedef struct {
    wchar_t *name;
    struct {
        uint32_t status;
        int64_t large;
    } value;
} item;

typedef struct {
    int process;
    int shared;
} counter;

static counter counters[8];
static int added;
static int queries;
static int collections;
static int failing;
static int strangers;
static int own;

int fake_queries(void) { return queries; }
int fake_collections(void) { return collections; }
void fake_fail(int fail) { failing = fail; }
void fake_strangers(int count) { strangers = count; }
void fake_own(int pid) { own = pid; }

int PdhOpenQueryW(const wchar_t *source, uintptr_t data, void **query) {
    if (source != NULL || data != 0) {
        return INVALID;
    }
    queries++;
    *query = &queries;
    return SUCCESS;
}

int PdhAddEnglishCounterW(void *query, const wchar_t *path, uintptr_t data, void **handle) {
    if (query != &queries || data != 0) {
        return INVALID;
    }
    int process = wcsncmp(path, L"\\GPU Process Memory(*)\\", 23) == 0;
    if (!process && wcsncmp(path, L"\\GPU Adapter Memory(*)\\", 23) != 0) {
        return NO_OBJECT;
    }
    counters[added] = (counter){.process = process, .shared = wcscmp(path + 23, L"Shared Usage") == 0};
    *handle = &counters[added++];
    return SUCCESS;
}

int PdhCollectQueryData(void *query) {
    collections++;
    return query == &queries && !failing ? SUCCESS : NO_DATA;
}

static void put(item *items, wchar_t *names, int i, int pid, int luid, int64_t bytes) {
    wchar_t *name = names + 64 * i;
    if (pid) {
        swprintf(name, 64, L"pid_%d_luid_0x00000000_0x%08X_phys_0", pid, luid);
    } else {
        swprintf(name, 64, L"luid_0x00000000_0x%08X_phys_0", luid);
    }
    items[i] = (item){.name = name, .value = {.status = i % 2 ? NEW_DATA : SUCCESS, .large = bytes}};
}

int PdhGetFormattedCounterArrayW(void *handle, uint32_t format, uint32_t *size, uint32_t *count, item *items) {
    const counter *asked = handle;
    if (format != FMT_LARGE || (*size == 0) != (items == NULL)) {
        return INVALID;
    }
    int n = asked->process ? strangers + (own ? 2 : 0) : 2;
    uint32_t needed = n * (sizeof(item) + 64 * sizeof(wchar_t));
    if (*size < needed) {
        *size = items == NULL ? needed : 1; /* Windows's value is not reliable either */
        return MORE_DATA;
    }
    *size = needed;
    *count = n;
    wchar_t *names = (wchar_t *)(items + n);
    if (!asked->process) {
        put(items, names, 0, 0, 0xC8F1, asked->shared ? 300 * MIB : 8000 * MIB);
        put(items, names, 1, 0, 0xE2B5, asked->shared ? 40 * MIB : 100 * MIB);
        return SUCCESS;
    }
    for (int i = 0; i < strangers; i++) {
        put(items, names, i, 1000000 + i, 0xC8F1, MIB);
    }
    if (own) {
        put(items, names, n - 2, own, 0xC8F1, asked->shared ? 7 * MIB : 5000 * MIB);
        put(items, names, n - 1, own, 0xE2B5, asked->shared ? 2 * MIB : 1 * MIB);
    }
    return SUCCESS;
}

int PdhCloseQuery(void *query) {
    if (query == &queries) {
        queries--;
        added = 0;
    }
    return SUCCESS;
}
