/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/data_cache.h"

#include <stdlib.h>

#include "core/memory.h"

struct entry {
    struct plugin_choice source; /* plugin NULL: free */
    enum numeric_precision precision;
    uint64_t seed;
    struct dataset data;
};

struct data_cache {
    struct entry kept[DATA_CACHE_KEPT];
    unsigned next; /* the oldest, replaced first */
};

struct data_cache *data_cache_create(void)
{
    return memory_alloc(sizeof(struct data_cache));
}

static void drop(struct entry *entry)
{
    if (entry->source.plugin)
        ((const struct data_ops *)entry->source.plugin)->unload(&entry->data);
    entry->source.plugin = NULL;
}

void data_cache_free(struct data_cache *cache)
{
    if (cache == NULL)
        return;
    for (unsigned i = 0; i < DATA_CACHE_KEPT; i++)
        drop(&cache->kept[i]);
    free(cache);
}

static bool holds(const struct entry *entry, const struct plugin_choice *source,
                  enum numeric_precision precision, uint64_t seed)
{
    return entry->source.plugin == source->plugin && entry->precision == precision &&
           entry->seed == seed &&
           field_equal(source->plugin->params, entry->source.params, source->params);
}

enum status data_cache_load(struct data_cache *cache, const struct plugin_choice *source,
                            enum numeric_precision precision, uint64_t seed, struct dataset *data,
                            struct error *error)
{
    const struct data_ops *ops = (const void *)source->plugin;
    for (unsigned i = 0; i < DATA_CACHE_KEPT; i++) {
        if (!holds(&cache->kept[i], source, precision, seed))
            continue;
        *data = cache->kept[i].data;
        return STATUS_OK;
    }
    struct entry *entry = &cache->kept[cache->next];
    drop(entry);
    enum status status = ops->load(source->params, precision, seed, &entry->data, error);
    if (status != STATUS_OK)
        return status;
    entry->source = *source;
    entry->precision = precision;
    entry->seed = seed;
    cache->next = (cache->next + 1) % DATA_CACHE_KEPT;
    *data = entry->data;
    return STATUS_OK;
}
