/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dirty set of the max-min solver (see the header).
 */
#include "cluster/network/max_min_ranks.h"

#include <stdlib.h>

#include "core/memory.h"

struct max_min_ranks_item {
    double level;
    uint32_t link;
};

void max_min_ranks_init(struct max_min_ranks *ranks, uint32_t links)
{
    ranks->count = links;
    ranks->marked = 0;
    ranks->rank = memory_array(links, sizeof *ranks->rank);
    ranks->link = memory_array(links, sizeof *ranks->link);
    ranks->scratch = memory_array(links, sizeof *ranks->scratch);
    for (uint32_t i = 0; i < links; i++)
        ranks->rank[i] = ranks->link[i] = i;
    for (unsigned i = 0; i < MAX_MIN_RANKS_LEVELS; i++)
        ranks->bits[i] = memory_array(((size_t)links >> (6 * (i + 1))) + 1, sizeof(uint64_t));
}

void max_min_ranks_fini(struct max_min_ranks *ranks)
{
    free(ranks->rank);
    free(ranks->link);
    free(ranks->scratch);
    for (unsigned i = 0; i < MAX_MIN_RANKS_LEVELS; i++)
        free(ranks->bits[i]);
}

static int compare_items(const void *a, const void *b)
{
    const struct max_min_ranks_item *x = a, *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return x->link < y->link ? -1 : 1;
}

void max_min_ranks_sort(struct max_min_ranks *ranks, const double *level)
{
    for (uint32_t i = 0; i < ranks->count; i++)
        ranks->scratch[i] = (struct max_min_ranks_item){level[i], i};
    qsort(ranks->scratch, ranks->count, sizeof *ranks->scratch, compare_items);
    for (uint32_t i = 0; i < ranks->count; i++) {
        ranks->link[i] = ranks->scratch[i].link;
        ranks->rank[ranks->scratch[i].link] = i;
    }
}

bool max_min_ranks_pop(struct max_min_ranks *ranks, uint32_t *link)
{
    if (ranks->marked == 0)
        return false;
    uint32_t at = 0; /* the top bitmap has a word per 2^18 links: nearly always one */
    while (ranks->bits[2][at] == 0)
        at++;
    at = at << 6 | (uint32_t)__builtin_ctzll(ranks->bits[2][at]);
    at = at << 6 | (uint32_t)__builtin_ctzll(ranks->bits[1][at]);
    at = at << 6 | (uint32_t)__builtin_ctzll(ranks->bits[0][at]);
    ranks->marked--;
    *link = ranks->link[at];
    for (unsigned i = 0; i < MAX_MIN_RANKS_LEVELS; i++) {
        ranks->bits[i][at >> 6] &= ~(1ULL << (at & 63));
        if (ranks->bits[i][at >> 6] != 0)
            break;
        at >>= 6;
    }
    return true;
}
