/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this folder share.  Each is compiled once per precision (numerics/real.h): the
 * kernel twice, the ops struct once.  Sums over a vector are in double, in the order of elements.
 */
#ifndef HEARSAY_NUMERICS_COMPRESSORS_KERNEL_H
#define HEARSAY_NUMERICS_COMPRESSORS_KERNEL_H

#include "core/rng.h"
#include "numerics/compressor.h"

extern const struct compressor_ops none_ops;

#define COMPRESSOR_MEASURE_UNIT 1048576.0

/* What shares a scale: all elements, those of a layer, or those of a column of a layer's matrix
 * (another layer is one column).  Without layers: all, and for columns those of one square matrix
 * of ceil(sqrt(count)) rows. */
enum compressor_scope { COMPRESSOR_VECTOR, COMPRESSOR_LAYER, COMPRESSOR_COLUMN };
extern const char *const compressor_scopes[], *const compressor_plain_scopes[]; /* no column */
/* Groups that share a scale on the wire. */
uint64_t compressor_group_count(const struct compressor_wire *wire, int scope);

/* Declares a rule's kernel in both precisions. */
#define COMPRESSOR_KERNELS(stem)                                                                   \
    void stem##32(const struct plan_kernel_call *call);                                            \
    void stem##64(const struct plan_kernel_call *call)

static inline const struct compressor_params *compressor_call(const struct plan_kernel_call *call)
{
    return call->params;
}

/* Opens the stream of the message's key. */
static inline struct rng *compressor_draws(struct rng *rng, const struct compressor_key *key)
{
    rng_open(rng, key->seed, RNG_COMPRESSION, key->role, key->index, key->step);
    return rng;
}

#ifdef REAL_BITS
#include "numerics/real.h"

static inline void compressor_measure(const struct plan_kernel_call *call, uint64_t value)
{
    if (call->output_count < 2)
        return;
    real *measure = call->outputs[1];
    uint64_t unit = (uint64_t)COMPRESSOR_MEASURE_UNIT;
    measure[0] = (real)(value / unit);
    measure[1] = (real)(value % unit);
}

/* Elements first, first + stride, ... */
struct compressor_group {
    size_t first, count, stride;
};

struct compressor_groups {
    const struct plan_kernel_call *call;
    int scope;
    size_t layer, column; /* next */
};

/* The layers of the call, where they describe this vector. */
static inline size_t compressor_layers(const struct plan_kernel_call *call)
{
    if (call->layer_count == 0)
        return 0;
    const struct objective_layer *last = &call->layers[call->layer_count - 1];
    return last->first + last->count == call->input_counts[0] ? call->layer_count : 0;
}

static inline bool compressor_groups_next(struct compressor_groups *groups,
                                          struct compressor_group *group)
{
    size_t layers = groups->scope == COMPRESSOR_VECTOR ? 0 : compressor_layers(groups->call);
    struct objective_layer layer = {0, groups->call->input_counts[0], false, 0};
    if (layers == 0 && groups->scope == COMPRESSOR_COLUMN)
        layer.rows = (size_t)compressor_side(layer.count);
    if (groups->layer >= (layers ? layers : 1))
        return false;
    if (layers)
        layer = groups->call->layers[groups->layer];
    bool matrix = groups->scope == COMPRESSOR_COLUMN && layer.rows > 0;
    size_t columns = matrix ? (layer.count + layer.rows - 1) / layer.rows : 1;
    size_t first = groups->column++;
    *group = (struct compressor_group){layer.first + first,
                                       (layer.count - first + columns - 1) / columns, columns};
    if (groups->column == columns) {
        groups->column = 0;
        groups->layer++;
    }
    return true;
}
#endif

#endif
