/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dirty set of the max-min solver (see the header).
 */
#include "cluster/network/max_min_ranks.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Digits of a level that the sort looks at: two of 11 bits, its exponent and 11 bits of mantissa.
 * Positive doubles are ordered as their bit patterns are. */
#define DIGIT_BITS 11
#define DIGITS     (1U << DIGIT_BITS)
#define LOW_SHIFT  (63 - 2 * DIGIT_BITS)
#define HIGH_SHIFT (63 - DIGIT_BITS)

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

static unsigned digit_of(const double *level, uint32_t link, unsigned shift)
{
    uint64_t bits;
    memcpy(&bits, &level[link], sizeof bits);
    return bits >> shift & (DIGITS - 1);
}

/* Stable counting sort of `from` by one digit. */
static void sort_digit(const uint32_t *from, uint32_t *to, uint32_t count, const double *level,
                       unsigned shift)
{
    uint32_t first[DIGITS + 1] = {0};
    for (uint32_t i = 0; i < count; i++)
        first[digit_of(level, from[i], shift) + 1]++;
    for (unsigned digit = 0; digit < DIGITS; digit++)
        first[digit + 1] += first[digit];
    for (uint32_t i = 0; i < count; i++)
        to[first[digit_of(level, from[i], shift)]++] = from[i];
}

void max_min_ranks_sort(struct max_min_ranks *ranks, const double *level)
{
    for (uint32_t i = 0; i < ranks->count; i++)
        ranks->link[i] = i;
    sort_digit(ranks->link, ranks->scratch, ranks->count, level, LOW_SHIFT);
    sort_digit(ranks->scratch, ranks->link, ranks->count, level, HIGH_SHIFT);
    for (uint32_t i = 0; i < ranks->count; i++)
        ranks->rank[ranks->link[i]] = i;
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
