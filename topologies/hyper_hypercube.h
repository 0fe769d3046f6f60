/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The k-peer hyper-hypercube: exact averaging of n = f_1 f_2 ... f_L nodes in L rounds of groups of
 * at most k + 1; a family of its own and the building block of base-k-plus-one.
 */
#ifndef HEARSAY_TOPOLOGIES_HYPER_HYPERCUBE_H
#define HEARSAY_TOPOLOGIES_HYPER_HYPERCUBE_H

#include <stdbool.h>
#include <stdint.h>

struct hyper_hypercube {
    uint32_t nodes, rounds;
    uint32_t factors[32];
};

/* The fewest factors, each at most max_degree + 1; false where a prime factor is larger. */
bool hyper_hypercube_factor(struct hyper_hypercube *cube, uint32_t nodes, int64_t max_degree);
/* The other members of the node's group in a round < rounds, into peers[] unless NULL; returns
 * their number.  All members have weight 1 / (number + 1). */
uint32_t hyper_hypercube_peers(const struct hyper_hypercube *cube, uint32_t round, uint32_t node,
                               uint32_t *peers);

#endif
