/*
 * A Vulkan layer, for tests only. It turns software Vulkan (llvmpipe) into a discrete card of a known size, whose state
 * is in the folder that the variable CARD names (card.h). The variables VK_ADD_LAYER_PATH and
 * VK_INSTANCE_LAYERS=VK_LAYER_HEADROOM_card switch it on.
 *
 * - The card has memory of its own, which the processor cannot reach, and a type of memory in system RAM.
 * - Memory beyond the card's size is refused (VK_ERROR_OUT_OF_DEVICE_MEMORY), or goes to system RAM and slows each
 *   submission, as the file spill says.
 * - VK_EXT_memory_budget and VK_EXT_pci_bus_info are there, as drivers of real cards have them.
 * - Allocations, copies and submissions are real. Shaders do not run: llvmpipe would take minutes for each cell. A
 *   submission takes the time that the state gives, so the card's speed is known as exactly as its memory.
 * - Fills do not run either. So memory on the card stays untouched, and takes no memory of the machine.
 */
#include "card.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define EXPORT __attribute__((visibility("default")))
#define CARD_NAME "Stand-in card"
#define FIRST_BUS 0x0A
#define MOST_CARDS 8
#define MOST_ALLOCATIONS 65536

/* The memory types: on the card, and in system RAM. llvmpipe's own only type is type 0. */
enum { ON_CARD, IN_RAM, MEMORY_TYPES };

typedef struct {
    VkDeviceMemory memory;
    unsigned long long size;
} allocation;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static allocation allocations[MOST_ALLOCATIONS];
static int allocation_count;
static unsigned long long held;
static int has_context;

static VkInstance instance;
static VkPhysicalDevice cards[MOST_CARDS];
static PFN_vkGetInstanceProcAddr next_instance_function;
static PFN_vkGetDeviceProcAddr next_device_function;
static PFN_vkEnumeratePhysicalDevices next_enumerate;
static PFN_vkEnumerateDeviceExtensionProperties next_extensions;
static PFN_vkGetPhysicalDeviceMemoryProperties next_memory;
static PFN_vkGetPhysicalDeviceMemoryProperties2 next_memory2;
static PFN_vkGetPhysicalDeviceProperties next_properties;
static PFN_vkGetPhysicalDeviceProperties2 next_properties2;
static PFN_vkAllocateMemory next_allocate;
static PFN_vkFreeMemory next_free;
static PFN_vkGetBufferMemoryRequirements next_requirements;
static PFN_vkGetBufferMemoryRequirements2 next_requirements2;
static PFN_vkQueueSubmit next_submit;
static PFN_vkQueueSubmit2 next_submit2;

/* ---- the card's state ---- */

static void write_number(const char *name, unsigned long long number) {
    char path[4096];
    card_path(path, sizeof path, name);
    FILE *file = fopen(path, "r+"); /* in place: meters keep the file open */
    if (!file) {
        file = fopen(path, "w");
    }
    if (file) {
        fprintf(file, "%015llu\n", number); /* always of one length, so that a reader never sees a mixture */
        fclose(file);
    }
}

static unsigned long long spilled(void) {
    unsigned long long wanted = card_wanted(), size = card_size();
    return wanted > size ? wanted - size : 0;
}

/* Changes what this process holds. */
static void hold(long long more) {
    char name[32];
    held += more;
    snprintf(name, sizeof name, "%d", (int) getpid());
    write_number(name, held);
    unsigned long long beyond = spilled();
    write_number("mem_info_vram_used", card_wanted() - beyond);
    write_number("mem_info_gtt_used", beyond);
}

__attribute__((destructor)) static void forget_process(void) {
    char name[32], path[4096];
    snprintf(name, sizeof name, "%d", (int) getpid());
    card_path(path, sizeof path, name);
    if (held > 0) {
        hold(-(long long) held);
        unlink(path);
    }
}

static int index_of(VkPhysicalDevice card) {
    int i = 0;
    while (i < MOST_CARDS - 1 && cards[i] != card) {
        i++;
    }
    return i;
}

/* ---- memory ---- */

static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *callbacks, VkDeviceMemory *memory) {
    VkMemoryAllocateInfo inner = *info;
    inner.memoryTypeIndex = 0;
    if (info->memoryTypeIndex != ON_CARD) {
        return next_allocate(device, &inner, callbacks, memory);
    }
    VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    pthread_mutex_lock(&mutex);
    if (allocation_count < MOST_ALLOCATIONS
        && (card_number("spill") || card_wanted() + info->allocationSize <= card_size())) {
        result = next_allocate(device, &inner, callbacks, memory);
        if (result == VK_SUCCESS) {
            allocations[allocation_count++] = (allocation){*memory, info->allocationSize};
            hold((long long) info->allocationSize);
        }
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

static VKAPI_ATTR void VKAPI_CALL release(VkDevice device, VkDeviceMemory memory,
                                          const VkAllocationCallbacks *callbacks) {
    pthread_mutex_lock(&mutex);
    next_free(device, memory, callbacks);
    for (int i = 0; i < allocation_count; i++) {
        if (allocations[i].memory == memory) {
            hold(-(long long) allocations[i].size);
            allocations[i] = allocations[--allocation_count];
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
}

static VKAPI_ATTR void VKAPI_CALL requirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *answer) {
    next_requirements(device, buffer, answer);
    answer->memoryTypeBits = 1 << ON_CARD | 1 << IN_RAM;
}

static VKAPI_ATTR void VKAPI_CALL requirements2(VkDevice device, const VkBufferMemoryRequirementsInfo2 *info,
                                                VkMemoryRequirements2 *answer) {
    next_requirements2(device, info, answer);
    answer->memoryRequirements.memoryTypeBits = 1 << ON_CARD | 1 << IN_RAM;
}

static void two_kinds(VkPhysicalDeviceMemoryProperties *answer) {
    VkDeviceSize ram = answer->memoryHeaps[0].size;
    memset(answer, 0, sizeof *answer);
    answer->memoryHeapCount = answer->memoryTypeCount = MEMORY_TYPES;
    answer->memoryHeaps[ON_CARD] = (VkMemoryHeap){card_size(), VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
    answer->memoryHeaps[IN_RAM] = (VkMemoryHeap){ram, 0};
    answer->memoryTypes[ON_CARD] = (VkMemoryType){VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, ON_CARD};
    answer->memoryTypes[IN_RAM] = (VkMemoryType){VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT
                                                     | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                                                     | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                                 IN_RAM};
}

static VKAPI_ATTR void VKAPI_CALL memory(VkPhysicalDevice card, VkPhysicalDeviceMemoryProperties *answer) {
    next_memory(card, answer);
    two_kinds(answer);
}

static VKAPI_ATTR void VKAPI_CALL memory2(VkPhysicalDevice card, VkPhysicalDeviceMemoryProperties2 *answer) {
    next_memory2(card, answer);
    two_kinds(&answer->memoryProperties);
    for (VkBaseOutStructure *more = answer->pNext; more; more = more->pNext) {
        if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) {
            VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = (void *) more;
            pthread_mutex_lock(&mutex);
            unsigned long long foreign = card_wanted() - held, size = card_size();
            budget->heapUsage[ON_CARD] = held;
            budget->heapBudget[ON_CARD] = foreign < size ? size - foreign : 0;
            budget->heapUsage[IN_RAM] = 0;
            budget->heapBudget[IN_RAM] = answer->memoryProperties.memoryHeaps[IN_RAM].size;
            pthread_mutex_unlock(&mutex);
        }
    }
}

/* ---- what the card is ---- */

static void is_card(VkPhysicalDeviceProperties *answer) {
    answer->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    snprintf(answer->deviceName, sizeof answer->deviceName, CARD_NAME);
    answer->limits.maxStorageBufferRange = UINT32_MAX; /* llvmpipe has 128 MiB, real cards have 4 GiB */
}

static VKAPI_ATTR void VKAPI_CALL properties(VkPhysicalDevice card, VkPhysicalDeviceProperties *answer) {
    next_properties(card, answer);
    is_card(answer);
}

static VKAPI_ATTR void VKAPI_CALL properties2(VkPhysicalDevice card, VkPhysicalDeviceProperties2 *answer) {
    next_properties2(card, answer);
    is_card(&answer->properties);
    for (VkBaseOutStructure *more = answer->pNext; more; more = more->pNext) {
        if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT) {
            VkPhysicalDevicePCIBusInfoPropertiesEXT *pci = (void *) more;
            pci->pciDomain = pci->pciDevice = pci->pciFunction = 0;
            pci->pciBus = FIRST_BUS + (uint32_t) index_of(card);
        } else if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES) {
            ((VkPhysicalDeviceMaintenance3Properties *) more)->maxMemoryAllocationSize = UINT32_MAX;
        } else if (more->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES) {
            ((VkPhysicalDeviceIDProperties *) more)->deviceUUID[0] = (uint8_t) index_of(card);
        }
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL extensions(VkPhysicalDevice card, const char *layer, uint32_t *count,
                                                 VkExtensionProperties *answer) {
    static const VkExtensionProperties own[] = {
        {VK_EXT_MEMORY_BUDGET_EXTENSION_NAME, 1}, {VK_EXT_PCI_BUS_INFO_EXTENSION_NAME, 2}};
    const uint32_t more = sizeof own / sizeof *own;
    uint32_t below = 0;
    VkResult result = next_extensions(card, layer, &below, NULL);
    if (result != VK_SUCCESS || !answer) {
        *count = below + more;
        return result;
    }
    if (*count < below + more) {
        return VK_INCOMPLETE;
    }
    result = next_extensions(card, layer, &below, answer);
    memcpy(answer + below, own, sizeof own);
    *count = below + more;
    return result;
}

/* llvmpipe's device, once for each driver in VK_ICD_FILENAMES. The state says how many of them are there. */
static VKAPI_ATTR VkResult VKAPI_CALL enumerate(VkInstance of, uint32_t *count, VkPhysicalDevice *answer) {
    uint32_t found = MOST_CARDS, wanted = (uint32_t) card_number("cards");
    VkPhysicalDevice all[MOST_CARDS];
    VkResult result = next_enumerate(of, &found, all);
    if (result < 0) {
        return result;
    }
    found = wanted < found ? wanted : found;
    memcpy(cards, all, found * sizeof *all);
    if (answer) {
        uint32_t room = *count < found ? *count : found;
        memcpy(answer, all, room * sizeof *all);
        *count = room;
        return room < found ? VK_INCOMPLETE : VK_SUCCESS;
    }
    *count = found;
    return VK_SUCCESS;
}

/* ---- work ---- */

static void take_time(void) {
    unsigned long long micros = card_number("submit_us") + card_number("spill_us") * (spilled() / CARD_MIB);
    struct timespec time = {(time_t) (micros / 1000000), (long) (micros % 1000000 * 1000)};
    nanosleep(&time, NULL);
}

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
    take_time();
    return next_submit(queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL submit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *infos,
                                              VkFence fence) {
    take_time();
    return next_submit2(queue, count, infos, fence);
}

static VKAPI_ATTR void VKAPI_CALL dispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y, uint32_t z) {
    (void) buffer;
    (void) x;
    (void) y;
    (void) z;
}

static VKAPI_ATTR void VKAPI_CALL fill(VkCommandBuffer command, VkBuffer buffer, VkDeviceSize offset, VkDeviceSize size,
                                       uint32_t data) {
    (void) command;
    (void) buffer;
    (void) offset;
    (void) size;
    (void) data;
}

/* ---- the layer ---- */

/* The loader's link to the next layer, which this layer moves on by one. */
static void *link_of(const void *chain, VkStructureType type) {
    for (const VkLayerInstanceCreateInfo *link = chain; link; link = link->pNext) {
        if (link->sType == type && link->function == VK_LAYER_LINK_INFO) {
            return (void *) link;
        }
    }
    return NULL;
}

/* All next functions are looked up here: later the loader would return this layer's own. */
static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *callbacks, VkInstance *created) {
    VkLayerInstanceCreateInfo *link = link_of(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
    if (!link) {
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    next_instance_function = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance) next_instance_function(NULL, "vkCreateInstance");
    VkResult result = create(info, callbacks, created);
    if (result == VK_SUCCESS) {
        instance = *created;
#define NEXT(variable, name) variable = (PFN_##name) next_instance_function(instance, #name)
        NEXT(next_enumerate, vkEnumeratePhysicalDevices);
        NEXT(next_extensions, vkEnumerateDeviceExtensionProperties);
        NEXT(next_memory, vkGetPhysicalDeviceMemoryProperties);
        NEXT(next_memory2, vkGetPhysicalDeviceMemoryProperties2);
        NEXT(next_properties, vkGetPhysicalDeviceProperties);
        NEXT(next_properties2, vkGetPhysicalDeviceProperties2);
#undef NEXT
    }
    return result;
}

static int is_own(const char *extension) {
    return !strcmp(extension, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME)
           || !strcmp(extension, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice card, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *callbacks, VkDevice *created) {
    VkLayerDeviceCreateInfo *link = link_of(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
    const char **names = calloc(info->enabledExtensionCount + 1, sizeof *names);
    if (!link || !names) {
        free(names);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    PFN_vkGetInstanceProcAddr next_function = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    next_device_function = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    VkDeviceCreateInfo inner = *info;
    inner.enabledExtensionCount = 0;
    inner.ppEnabledExtensionNames = names;
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        if (!is_own(info->ppEnabledExtensionNames[i])) {
            names[inner.enabledExtensionCount++] = info->ppEnabledExtensionNames[i];
        }
    }
    PFN_vkCreateDevice create = (PFN_vkCreateDevice) next_function(instance, "vkCreateDevice");
    VkResult result = create(card, &inner, callbacks, created);
    free(names);
    if (result == VK_SUCCESS) {
#define NEXT(variable, name) variable = (PFN_##name) next_device_function(*created, #name)
        NEXT(next_allocate, vkAllocateMemory);
        NEXT(next_free, vkFreeMemory);
        NEXT(next_requirements, vkGetBufferMemoryRequirements);
        NEXT(next_requirements2, vkGetBufferMemoryRequirements2);
        NEXT(next_submit, vkQueueSubmit);
        NEXT(next_submit2, vkQueueSubmit2);
#undef NEXT
        pthread_mutex_lock(&mutex);
        if (!has_context) {
            has_context = 1;
            hold((long long) (card_number("context") * CARD_MIB));
        }
        pthread_mutex_unlock(&mutex);
    }
    return result;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_function(VkInstance of, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice of, const char *name);

typedef struct {
    const char *name;
    PFN_vkVoidFunction function;
} named_function;

static const named_function instance_functions[] = {
#define FUNCTION(name, function) {#name, (PFN_vkVoidFunction) function}
    FUNCTION(vkGetInstanceProcAddr, instance_function),
    FUNCTION(vkCreateInstance, create_instance),
    FUNCTION(vkCreateDevice, create_device),
    FUNCTION(vkEnumeratePhysicalDevices, enumerate),
    FUNCTION(vkEnumerateDeviceExtensionProperties, extensions),
    FUNCTION(vkGetPhysicalDeviceMemoryProperties, memory),
    FUNCTION(vkGetPhysicalDeviceMemoryProperties2, memory2),
    FUNCTION(vkGetPhysicalDeviceMemoryProperties2KHR, memory2),
    FUNCTION(vkGetPhysicalDeviceProperties, properties),
    FUNCTION(vkGetPhysicalDeviceProperties2, properties2),
    FUNCTION(vkGetPhysicalDeviceProperties2KHR, properties2),
};

static const named_function device_functions[] = {
    FUNCTION(vkGetDeviceProcAddr, device_function),
    FUNCTION(vkAllocateMemory, allocate),
    FUNCTION(vkFreeMemory, release),
    FUNCTION(vkGetBufferMemoryRequirements, requirements),
    FUNCTION(vkGetBufferMemoryRequirements2, requirements2),
    FUNCTION(vkGetBufferMemoryRequirements2KHR, requirements2),
    FUNCTION(vkQueueSubmit, submit),
    FUNCTION(vkQueueSubmit2, submit2),
    FUNCTION(vkQueueSubmit2KHR, submit2),
    FUNCTION(vkCmdDispatch, dispatch),
    FUNCTION(vkCmdFillBuffer, fill),
#undef FUNCTION
};

static PFN_vkVoidFunction find(const named_function *functions, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(functions[i].name, name)) {
            return functions[i].function;
        }
    }
    return NULL;
}

#define FIND(functions, name) find(functions, sizeof functions / sizeof *functions, name)

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice of, const char *name) {
    PFN_vkVoidFunction own = FIND(device_functions, name);
    return own ? own : next_device_function(of, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_function(VkInstance of, const char *name) {
    PFN_vkVoidFunction own = FIND(instance_functions, name);
    if (!own) {
        own = FIND(device_functions, name);
    }
    return own ? own : next_instance_function ? next_instance_function(of, name) : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *negotiation) {
    negotiation->loaderLayerInterfaceVersion = 2;
    negotiation->pfnGetInstanceProcAddr = instance_function;
    negotiation->pfnGetDeviceProcAddr = device_function;
    negotiation->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
