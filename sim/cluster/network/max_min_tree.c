/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The minimum of many times, in blocks (see the header).
 */
#include "cluster/network/max_min_tree.h"

#include <stdlib.h>

#include "core/memory.h"

/* Blocks that hold `count` values. */
static uint32_t blocks_of(uint32_t count)
{
    return (uint32_t)(((uint64_t)count + MAX_MIN_TREE_BLOCK - 1) / MAX_MIN_TREE_BLOCK);
}

/* Every level is padded to whole blocks, so that scans have a fixed length. */
static int64_t *level_create(uint32_t count)
{
    size_t padded = (size_t)(count == 1 ? 1 : blocks_of(count) * (size_t)MAX_MIN_TREE_BLOCK);
    int64_t *values = memory_array(padded, sizeof *values);
    for (size_t i = 0; i < padded; i++)
        values[i] = INT64_MAX;
    return values;
}

void max_min_tree_init(struct max_min_tree *tree, uint32_t count)
{
    tree->levels = 0;
    if (count <= 1)
        count = 2; /* one level above the times at least */
    for (;;) {
        tree->values[tree->levels++] = level_create(count);
        if (count == 1)
            break;
        count = blocks_of(count);
    }
}

void max_min_tree_fini(struct max_min_tree *tree)
{
    for (unsigned i = 0; i < tree->levels; i++)
        free(tree->values[i]);
    tree->levels = 0;
}

static int64_t block_min(const int64_t *block)
{
    int64_t min = block[0];
    for (int i = 1; i < MAX_MIN_TREE_BLOCK; i++)
        min = block[i] < min ? block[i] : min;
    return min;
}

void max_min_tree_set(struct max_min_tree *tree, uint32_t index, int64_t value)
{
    tree->values[0][index] = value;
    for (unsigned i = 1; i < tree->levels; i++) {
        uint32_t above = index / MAX_MIN_TREE_BLOCK;
        int64_t min = block_min(tree->values[i - 1] + (size_t)above * MAX_MIN_TREE_BLOCK);
        if (tree->values[i][above] == min)
            return; /* nothing above can have changed either */
        tree->values[i][above] = min;
        index = above;
    }
}

uint32_t max_min_tree_first(const struct max_min_tree *tree)
{
    int64_t min = max_min_tree_min(tree);
    uint32_t index = 0;
    for (unsigned i = tree->levels - 1; i-- > 0;) {
        index *= MAX_MIN_TREE_BLOCK;
        while (tree->values[i][index] != min)
            index++;
    }
    return index;
}
