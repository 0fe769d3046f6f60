/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counter-based random streams: Philox4x64-10 (Salmon et al., SC 2011; library Random123) behind a
 * gsl_rng_type, so that GSL's distributions work on it.
 *
 * A stream is named, not stored: (seed of the purpose, purpose, role, index, step).  Opening it
 * costs nothing and no state survives between openings, so no draw depends on the order of events
 * or on another stream, and adding a node changes no other node's draws.
 *
 *   struct rng r;
 *   double x = gsl_ran_exponential(rng_open(&r, seed, RNG_COMPUTE, 0, node, step), mean);
 */
#ifndef HEARSAY_CORE_RNG_H
#define HEARSAY_CORE_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* Append only: the numbers are part of every result. */
enum rng_purpose {
    RNG_DATA = 1,      /* synthetic data sets; index: sample or class */
    RNG_PARTITION = 2, /* who holds which sample */
    RNG_INIT = 3,      /* initial parameters; index: node (0 for init "same") */
    RNG_BATCH = 4,     /* batch order; index: node, step: pass or round */
    RNG_COMPUTE = 5,   /* gradient times; index: host, step: iteration */
    RNG_STRAGGLER = 6, /* role: straggler entry, index: host, step: iteration */
    RNG_NETWORK = 7,   /* jitter, loss */
    RNG_TOPOLOGY = 8,  /* random graphs and matchings; step: phase */
    RNG_NOISE = 9,     /* gradient noise of synthetic objectives; index: node, step: iteration */
    RNG_SAMPLE = 10,   /* metric subsets */
    RNG_PROGRAM = 11,  /* draws of node programs; index: node */
    RNG_TEST = 12,
    RNG_COMPRESSION = 13, /* index: node, step: iteration */
};

struct rng {
    gsl_rng gsl;         /* what GSL functions take; gsl.state points into this struct */
    uint64_t key[2];     /* Philox key: (seed, purpose << 32 | role) */
    uint64_t counter[4]; /* (block, index, step, 0) */
    uint64_t block[4];   /* the current output block */
    unsigned used;       /* words of it consumed; 4 = none left */
};

/* Opens the named stream in *rng and returns &rng->gsl.  *rng must not be copied afterwards. */
gsl_rng *rng_open(struct rng *rng, uint64_t seed, enum rng_purpose purpose, uint32_t role,
                  uint64_t index, uint64_t step);
uint64_t rng_next(struct rng *rng);  /* 64 random bits */
double rng_uniform(struct rng *rng); /* [0, 1), 53 bits */

extern const gsl_rng_type rng_philox; /* for gsl_rng_alloc; seeds set the key */

#endif
