/*
 * The state of the stand-in card: a folder, named by the variable CARD. card_layer.c and fake_nvml.c read and write it,
 * so both always agree. Each file has one number as text:
 *
 *   size        MiB of the card
 *   others      MiB used by others: the driver's reserve and the desktop. It may be rewritten at any time
 *   context     MiB that a process takes with its first device: its driver context
 *   spill       1: a full card takes further memory from system RAM; 0: it refuses
 *   submit_us   time of a submission, in microseconds
 *   spill_us    additional time of a submission for each MiB in system RAM, in microseconds
 *   cards       number of cards, all equal; their memory counts together
 *   <pid>       bytes that a process holds. The file of an ended process does not count
 *
 * The layer also writes two files as amdgpu has them in sysfs: mem_info_vram_used and mem_info_gtt_used, in bytes.
 */
#ifndef CARD_H
#define CARD_H

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CARD_MIB (1ULL << 20)

static void card_path(char *path, size_t length, const char *name) {
    const char *folder = getenv("CARD");
    snprintf(path, length, "%s/%s", folder ? folder : ".", name);
}

/* The number in a file; 0 without the file. */
static unsigned long long card_number(const char *name) {
    char path[4096];
    unsigned long long number = 0;
    card_path(path, sizeof path, name);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%llu", &number) != 1) {
            number = 0;
        }
        fclose(file);
    }
    return number;
}

static inline unsigned long long card_size(void) {
    return card_number("size") * CARD_MIB;
}

/* Bytes that one process holds. */
static inline unsigned long long card_process(long pid) {
    char name[32];
    snprintf(name, sizeof name, "%ld", pid);
    return card_number(name);
}

/* Bytes that others and all living processes want. It may be more than the card has. */
static inline unsigned long long card_wanted(void) {
    unsigned long long wanted = card_number("others") * CARD_MIB;
    char path[4096];
    card_path(path, sizeof path, "");
    DIR *folder = opendir(path);
    if (folder) {
        for (struct dirent *entry; (entry = readdir(folder));) {
            char *end;
            long pid = strtol(entry->d_name, &end, 10);
            if (pid > 0 && *end == '\0' && (kill((pid_t) pid, 0) == 0 || errno == EPERM)) {
                wanted += card_process(pid);
            }
        }
        closedir(folder);
    }
    return wanted;
}

#endif
