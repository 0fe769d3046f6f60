/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The set of dirty links, popped in the order of their ranks: a permutation of the links by level
 * that is allowed to be stale (it only steers how much work a repair is, never its result).  The
 * set is a bitmap over ranks with two bitmaps of non-zero words above it.
 */
#ifndef HEARSAY_CLUSTER_NETWORK_MAX_MIN_RANKS_H
#define HEARSAY_CLUSTER_NETWORK_MAX_MIN_RANKS_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_MIN_RANKS_LEVELS 3

struct max_min_ranks {
    uint32_t count;  /* links */
    uint32_t marked; /* links in the set */
    uint32_t *rank;  /* of a link */
    uint32_t *link;  /* of a rank */
    uint64_t *bits[MAX_MIN_RANKS_LEVELS];
    uint32_t *scratch; /* of the sort */
};

void max_min_ranks_init(struct max_min_ranks *ranks, uint32_t links);
void max_min_ranks_fini(struct max_min_ranks *ranks);
/* Ranks by level, to one part in 2048, then by number.  The set must be empty. */
void max_min_ranks_sort(struct max_min_ranks *ranks, const double *level);
/* Takes the marked link of lowest rank out of the set; false when it is empty. */
bool max_min_ranks_pop(struct max_min_ranks *ranks, uint32_t *link);

static inline void max_min_ranks_mark(struct max_min_ranks *ranks, uint32_t link)
{
    uint32_t at = ranks->rank[link];
    uint64_t bit = 1ULL << (at & 63);
    if (ranks->bits[0][at >> 6] & bit)
        return;
    ranks->bits[0][at >> 6] |= bit;
    ranks->bits[1][at >> 12] |= 1ULL << ((at >> 6) & 63);
    ranks->bits[2][at >> 18] |= 1ULL << ((at >> 12) & 63);
    ranks->marked++;
}

#endif
