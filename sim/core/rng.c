/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Philox4x64-10 streams.
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2,
 * 3", SC 2011.  The rounds are Random123's; this file names streams and hands out words.  The
 * test asserts Random123's published vectors, for example key 0, counter 0 -> 16554d9eca36314c.
 *
 * A GSL state is a whole struct rng, so that gsl_rng_alloc(&rng_philox) and rng_open() share the
 * same functions.
 */
#include "core/rng.h"

#include <Random123/philox.h>
#include <string.h>

#define BLOCK_WORDS 4
_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "gsl_rng_get must carry 64 bits");

static void refill(struct rng *rng)
{
    philox4x64_ctr_t counter;
    philox4x64_key_t key;

    memcpy(counter.v, rng->counter, sizeof counter.v);
    memcpy(key.v, rng->key, sizeof key.v);
    counter = philox4x64_R(10, counter, key);
    memcpy(rng->block, counter.v, sizeof rng->block);
    rng->counter[0]++;
    rng->used = 0;
}

uint64_t rng_next(struct rng *rng)
{
    if (rng->used == BLOCK_WORDS)
        refill(rng);
    return rng->block[rng->used++];
}

double rng_uniform(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

static void philox_set(void *state, unsigned long seed)
{
    struct rng *rng = state;

    memset(rng, 0, sizeof *rng);
    rng->key[0] = seed; /* purpose 0: no named stream is met */
    rng->used = BLOCK_WORDS;
}

static unsigned long philox_get(void *state)
{
    return rng_next(state);
}

static double philox_get_double(void *state)
{
    return rng_uniform(state);
}

const gsl_rng_type rng_philox = {
    .name = "philox4x64-10",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct rng),
    .set = philox_set,
    .get = philox_get,
    .get_double = philox_get_double,
};

gsl_rng *rng_open(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint32_t role,
                  uint64_t index, uint64_t step)
{
    *rng = (struct rng){
        .gsl = {.type = &rng_philox, .state = rng},
        .key = {seed, (uint64_t)purpose << 32 | role},
        .counter = {0, index, step, 0},
        .used = BLOCK_WORDS,
    };
    return &rng->gsl;
}
