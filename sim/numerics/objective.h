/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the numerics know of a model: an objective that gives stochastic gradients and losses.
 * models/ implements it; plans and back ends call it.  All functions are pure in (request, x):
 * they may be called from several threads at once, each with its own workspace, and their result
 * depends on nothing but the arguments (one GEMM has the shape the model gives it).
 */
#ifndef HEARSAY_NUMERICS_OBJECTIVE_H
#define HEARSAY_NUMERICS_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum numeric_precision { NUMERIC_FLOAT32, NUMERIC_FLOAT64 };
extern const char *const numeric_precision_names[]; /* "float32", "float64", NULL */
static inline size_t numeric_size(enum numeric_precision precision)
{
    return precision == NUMERIC_FLOAT32 ? 4 : 8;
}

#define OBJECTIVE_POOLED    UINT32_MAX /* node: the mean objective */
#define OBJECTIVE_NOISELESS INT64_MIN  /* step: the exact gradient of synthetic objectives */

/* One stochastic gradient. */
struct objective_batch {
    uint32_t node;           /* whose objective (heterogeneous synthetic models), or POOLED */
    uint32_t count;          /* samples */
    int64_t step;            /* the node's iteration: names the noise stream, or NOISELESS */
    const uint32_t *samples; /* count indices into the training set; NULL where there is no data */
};

/* A loss evaluation. */
struct objective_query {
    enum { OBJECTIVE_TRAIN, OBJECTIVE_TEST } set;
    uint32_t count;          /* samples; 0: the whole set (or no data) */
    const uint32_t *samples; /* count indices, or NULL with count 0 */
    int64_t node;            /* >= 0: this node's objective; -1: the mean/pooled objective */
};

struct objective_value {
    double loss_sum; /* sum of losses over the samples, or the exact objective times `count` */
    int64_t correct; /* correctly classified; -1: not a classifier */
    int64_t count;   /* samples; 1 where there is no data */
};

struct objective_ops {
    /* Bytes of scratch that gradient and evaluate need for up to `batch` samples. */
    size_t (*workspace_bytes)(const void *context, uint32_t batch);
    /* g = gradient of the mean loss over the batch at x.  x, g: dimension reals. */
    void (*gradient)(const void *context, const struct objective_batch *batch, const void *x,
                     void *g, void *workspace);
    /* Losses are computed in chunks of at most evaluation_chunk samples, summed in order in
     * double.  workspace holds workspace_bytes(context, evaluation_chunk). */
    void (*evaluate)(const void *context, const struct objective_query *query, const void *x,
                     struct objective_value *value, void *workspace);
};

#define OBJECTIVE_EVALUATION_CHUNK 256

/* Consecutive parameters that belong together, for rules that look at norms of layers. */
struct objective_layer {
    size_t first, count;
    bool excluded; /* such rules leave it alone: a bias */
    size_t rows;   /* of the matrix, row after row, that the layer is; 0: no matrix */
};

struct objective {
    const struct objective_ops *ops;
    const void *context; /* the model instance */
    size_t dimension;    /* parameters */
    enum numeric_precision precision;
    const struct objective_layer *layers; /* in order, without gaps; the model owns them */
    size_t layer_count;                   /* 0: all parameters are one layer */
};

static inline struct objective_layer objective_layer(const struct objective *objective, size_t i)
{
    if (objective->layer_count == 0)
        return (struct objective_layer){0, objective->dimension, false, 0};
    return objective->layers[i];
}

#endif
