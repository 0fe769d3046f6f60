/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plug-ins and their registries.  Every family (algorithms, topologies, models, ...) has an ops
 * struct whose FIRST member is `struct plugin`, so a `const struct plugin *` found in a registry
 * converts to the family's ops by a cast.  A registry is a constant NULL-terminated array, made
 * from one X-macro list per family: adding a plug-in is one new file and one line there.
 */
#ifndef HEARSAY_CORE_PLUGIN_H
#define HEARSAY_CORE_PLUGIN_H

#include <stddef.h>

struct field;

struct plugin {
    const char *name;           /* as written in a scenario */
    const char *summary;        /* one line for `hearsay list` */
    const char *reference;      /* paper or textbook, or NULL */
    const struct field *params; /* parameter table, or NULL: none besides "name" */
    size_t params_size;         /* bytes of the parameter struct */
};

struct plugin_registry {
    const char *kind;                    /* "topology" */
    const char *plural;                  /* "topologies" */
    const struct plugin *const *entries; /* NULL-terminated */
};

/* A plug-in chosen by a scenario, with its parsed parameters (owned by the scenario's arena). */
struct plugin_choice {
    const struct plugin *plugin; /* NULL: none chosen (only where the field's default is "null") */
    const void *params;
};

const struct plugin *plugin_find(const struct plugin_registry *registry, const char *name);
/* The registered name nearest to `name` by edit distance, or NULL when none is near. */
const char *plugin_nearest(const struct plugin_registry *registry, const char *name);

#endif
