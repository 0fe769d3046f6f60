/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phase k lies in slot k mod (number of slots).
 */
#include "topologies/phase_cache.h"

#include <stdlib.h>

#include "core/memory.h"

#define MIN_SLOTS      8
#define MAX_SLOTS      256
#define CACHED_ENTRIES (UINT32_C(1) << 21) /* 8 MB, beyond the least number of slots */

struct phase_cache {
    uint32_t width, slots;
    int64_t *phases; /* by slot; -1: empty */
    uint32_t *rows;
};

struct phase_cache *phase_cache_create(uint32_t width)
{
    struct phase_cache *cache = memory_alloc(sizeof *cache);
    uint32_t slots = CACHED_ENTRIES / (width + 1);

    cache->width = width;
    cache->slots = slots < MIN_SLOTS ? MIN_SLOTS : slots > MAX_SLOTS ? MAX_SLOTS : slots;
    cache->phases = memory_array(cache->slots, sizeof *cache->phases);
    cache->rows = memory_array((size_t)cache->slots * width + 1, sizeof *cache->rows);
    for (uint32_t i = 0; i < cache->slots; i++)
        cache->phases[i] = -1;
    return cache;
}

void phase_cache_free(struct phase_cache *cache)
{
    if (!cache)
        return;
    free(cache->phases);
    free(cache->rows);
    free(cache);
}

const uint32_t *phase_cache_row(struct phase_cache *cache, int64_t phase, phase_cache_draw *draw,
                                const void *context)
{
    uint32_t slot = (uint32_t)(phase % cache->slots);
    uint32_t *row = cache->rows + (size_t)slot * cache->width;

    if (cache->phases[slot] != phase) {
        draw(context, phase, row);
        cache->phases[slot] = phase;
    }
    return row;
}
