/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside PowerSGD: how a vector divides into matrices, and where these lie in p and q.
 *
 * Each layer that is a matrix counts as one, of its own shape; a layer without shape is taken as
 * ceil(sqrt(count)) rows, the last one filled up with zeros.  Biases, and matrices that two factors
 * would not make smaller, travel in p as they are.
 */
#ifndef HEARSAY_NUMERICS_COMPRESSORS_POWER_SGD_H
#define HEARSAY_NUMERICS_COMPRESSORS_POWER_SGD_H

#include "numerics/compressors/kernel.h"

struct power_sgd_params {
    int64_t rank;
};

/* A matrix, row after row, or (rows 0) elements that are sent as they are. */
struct power_sgd_block {
    uint64_t first, count;
    uint64_t rows, columns;
    uint64_t p, q; /* offsets: of rank columns of p, one after the other, and of q */
};

struct power_sgd_walk {
    const struct objective_layer *layers;
    size_t layer_count; /* 0: one layer */
    uint64_t dimension, rank;
    size_t next;
    uint64_t p, q; /* used so far: at the end the lengths of p and q */
};

static inline bool power_sgd_next(struct power_sgd_walk *walk, struct power_sgd_block *block)
{
    struct objective_layer layer = {0, (size_t)walk->dimension, false, 0};
    if (walk->next >= (walk->layer_count ? walk->layer_count : 1))
        return false;
    if (walk->layer_count)
        layer = walk->layers[walk->next];
    walk->next++;
    uint64_t rows = layer.rows ? layer.rows : compressor_side(layer.count);
    uint64_t columns = (layer.count + rows - 1) / rows;
    bool plain = layer.excluded || walk->rank * (rows + columns) >= layer.count;
    *block = (struct power_sgd_block){layer.first,         layer.count, plain ? 0 : rows,
                                      plain ? 0 : columns, walk->p,     walk->q};
    walk->p += plain ? layer.count : rows * walk->rank;
    walk->q += plain ? 0 : columns * walk->rank;
    return true;
}

/* Lengths of p and q. */
static inline struct power_sgd_walk power_sgd_measure(struct power_sgd_walk walk)
{
    struct power_sgd_block block;
    while (power_sgd_next(&walk, &block))
        continue;
    return walk;
}

/* Inputs -> outputs: v, q -> p; p -> p; v, p -> q; p, q -> v; nothing -> q. */
extern const struct plan_kernel power_sgd_project, power_sgd_orthonormalize, power_sgd_back_project,
    power_sgd_decode, power_sgd_start;

#endif
