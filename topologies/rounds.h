/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds of a topology as sparse matrices, for spectral analysis only.
 */
#ifndef HEARSAY_TOPOLOGIES_ROUNDS_H
#define HEARSAY_TOPOLOGIES_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topologies/topology.h"

/* A product P_last ... P_first of rounds; rows are receivers. */
struct rounds {
    uint32_t nodes;
    int64_t count;
    struct round {
        size_t *start; /* nodes + 1 */
        uint32_t *peers;
        double *weights, *selves;
    } * rounds;
    double *spare;
};

/* Phases first .. first + count - 1.  STATUS_REQUEST when they would not fit in memory. */
enum status rounds_create(struct rounds **rounds, const struct topology *topology, int64_t first,
                          int64_t count, struct error *error);
void rounds_free(struct rounds *rounds);

/* y = P_k x (transposed: P_k' x); y is not x. */
void rounds_apply_one(const struct rounds *rounds, int64_t k, bool transposed, const double *x,
                      double *y);
/* x = product x (transposed: product' x), in place. */
void rounds_apply(const struct rounds *rounds, bool transposed, double *x);

/* Subtracts the mean. */
void rounds_deflate(uint32_t nodes, double *x);

#endif
