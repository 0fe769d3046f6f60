/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fixed number of times and their minimum: blocks of 16 below blocks of 16.  Cheaper than a heap
 * where most changes are not at the top: setting a value looks at its own block, and above only
 * while the block's minimum changed.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_MAX_MIN_TREE_H
#define HEARSAY_CLUSTER_NETWORK_MAX_MIN_TREE_H

#include <stdint.h>

#define MAX_MIN_TREE_BLOCK  16
#define MAX_MIN_TREE_LEVELS 9 /* 16^8 = 2^32 leaves */

struct max_min_tree {
    int64_t *values[MAX_MIN_TREE_LEVELS]; /* [0]: the times; the last: one value */
    unsigned levels;
};

/* All times are INT64_MAX at first. */
void max_min_tree_init(struct max_min_tree *tree, uint32_t count);
void max_min_tree_fini(struct max_min_tree *tree);
void max_min_tree_set(struct max_min_tree *tree, uint32_t index, int64_t value);
/* The first index that has the minimum. */
uint32_t max_min_tree_first(const struct max_min_tree *tree);

static inline int64_t max_min_tree_get(const struct max_min_tree *tree, uint32_t index)
{
    return tree->values[0][index];
}

static inline int64_t max_min_tree_min(const struct max_min_tree *tree)
{
    return tree->values[tree->levels - 1][0];
}

#endif
