/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Look-ups in registries.  They hold a dozen names each: a linear search is the right one.
 */
#include "core/plugin.h"

#include <stdint.h>
#include <string.h>

#include "core/field.h"

const struct plugin *plugin_find(const struct plugin_registry *registry, const char *name)
{
    for (const struct plugin *const *entry = registry->entries; *entry != NULL; entry++)
        if (strcmp((*entry)->name, name) == 0)
            return *entry;
    return NULL;
}

const char *plugin_nearest(const struct plugin_registry *registry, const char *name)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (const struct plugin *const *entry = registry->entries; *entry != NULL; entry++)
        if (field_is_nearer(name, (*entry)->name, &distance))
            nearest = (*entry)->name;
    return nearest;
}
