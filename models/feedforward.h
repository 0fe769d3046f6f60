/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fully connected networks: what mlp.c and softmax.c (a network without hidden layers) share.
 *
 * Layer l maps the widths[l-1] values a_{l-1} of a sample to widths[l]:
 *
 *     z_l = W_l a_{l-1} + b_l,    a_l = activation(z_l), none on the last layer.
 *
 * Parameters: for each layer W_l (widths[l] x widths[l-1], row-major), then b_l where there are
 * biases.  Loss: softmax cross-entropy with classes, else (1/2)(z - y)^2; both plus (l2/2) times
 * the squared norm of the weights, biases excluded.
 *
 * A gradient takes exactly 3 L - 1 matrix products for L layers: one forward and one for dW per
 * layer, and one for the incoming delta of all but the first.
 */
#ifndef HEARSAY_MODELS_FEEDFORWARD_H
#define HEARSAY_MODELS_FEEDFORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/model.h"

enum feedforward_activation { FEEDFORWARD_RELU, FEEDFORWARD_TANH };

#define FEEDFORWARD_MAX_LAYERS 16

struct feedforward {
    const struct dataset *data;
    const struct partition *partition;
    uint64_t seed_init;
    double l2;
    uint32_t layers;                             /* of weights */
    uint32_t widths[FEEDFORWARD_MAX_LAYERS + 1]; /* [0]: features, [layers]: outputs */
    size_t weights[FEEDFORWARD_MAX_LAYERS];      /* offset of W_{l+1} in the parameters */
    struct objective_layer parts[2 * FEEDFORWARD_MAX_LAYERS]; /* W and b of each */
    size_t part_count;
    size_t dimension;
    enum numeric_precision precision;
    enum feedforward_activation activation;
    bool bias;
};

struct feedforward_shape {
    const uint32_t *hidden;
    uint32_t hidden_count;
    enum feedforward_activation activation;
    bool bias;
    double l2;
};

struct feedforward *feedforward_create(const struct model_setting *setting,
                                       const struct feedforward_shape *shape);
struct objective feedforward_objective(const void *model);
/*
 * Weights N(0, variance), biases 0.  The variance is He's 2 / fan_in for layers that a ReLU
 * follows (He et al., ICCV 2015, eq. 10), Glorot's 2 / (fan_in + fan_out) for tanh and for the
 * last layer (Glorot and Bengio, AISTATS 2010, eq. 12).
 */
void feedforward_initial(const void *model, uint64_t stream, double *x);
int64_t feedforward_flop(const void *model, uint32_t batch);

extern const struct objective_ops feedforward_kernels32, feedforward_kernels64;

#endif
