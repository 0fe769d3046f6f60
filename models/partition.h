/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a rule splits the training set over the nodes (the plug-ins behind partition_registry).
 */
#ifndef HEARSAY_MODELS_PARTITION_H
#define HEARSAY_MODELS_PARTITION_H

#include "models/data.h"

/* Streams of RNG_PARTITION: the numbers are part of every result. */
enum partition_role {
    PARTITION_SHUFFLE = 0, /* all samples */
    PARTITION_CLASS = 1,   /* the samples of a class; index: class */
    PARTITION_NODE = 2,    /* what a node gets; index: node */
    PARTITION_SHARE = 3,   /* a class's shares; index: class, step: attempt */
    PARTITION_SHARDS = 4,  /* who gets which shard */
};

struct partition_ops {
    struct plugin plugin;
    /* Fills first (nodes + 1, already zero) and indices (room for every sample). */
    enum status (*split)(const void *params, const struct dataset *data, uint64_t seed,
                         struct partition *partition, struct error *error);
};

/* Bounds of `parts` consecutive pieces of `count` items, whose sizes differ by at most one: the
 * start of piece `part`. */
static inline uint64_t partition_bound(uint64_t count, uint64_t parts, uint64_t part)
{
    uint64_t extra = count % parts;

    return count / parts * part + (part < extra ? part : extra);
}
/* first[] of equal pieces. */
void partition_bounds(struct partition *partition, uint32_t samples);
void partition_shuffle(uint32_t *items, size_t count, uint64_t seed, enum partition_role role,
                       uint64_t index);

/* Samples grouped by class: class k owns items[first[k] .. first[k + 1] - 1], shuffled. */
struct partition_classes {
    uint32_t classes;
    uint32_t *items, *first;
};
enum status partition_classes_create(struct partition_classes *classes, const struct dataset *data,
                                     uint64_t seed, struct error *error);
void partition_classes_free(struct partition_classes *classes);

#endif
