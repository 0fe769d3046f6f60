/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local optimizers (PyTorch's conventions: learning rate outside the momentum buffer, coupled L2
 * weight decay but for AdamW) and learning-rate schedules.
 */
#ifndef HEARSAY_NUMERICS_OPTIMIZER_H
#define HEARSAY_NUMERICS_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"
#include "core/plugin.h"
#include "core/status.h"

/* Which epoch a schedule reads: that of the node's own iterations, or of all gradients applied;
 * auto: as the program says, local for synchronous ones. */
enum optimizer_clock { OPTIMIZER_CLOCK_AUTO, OPTIMIZER_LOCAL, OPTIMIZER_GLOBAL };

struct optimizer_schedule {
    int clock;                     /* enum optimizer_clock */
    double warmup_epochs;          /* linear from warmup_from x to 1 x the target rate; 0: none */
    double warmup_start;           /* fraction of the target rate at epoch 0 */
    struct field_reals milestones; /* epochs at which the rate is multiplied by factor */
    double factor;
    double cosine_epochs;       /* length of a half cosine down to cosine_floor; absent: none */
    double cosine_floor;        /* fraction of the target rate */
    int64_t inverse_sqrt_steps; /* steps of warm-up before 1/sqrt(step); 0: none */
};

/* "optimizer" of a scenario: the rule with its own parameters, and what all rules share. */
struct optimizer_config {
    struct plugin_choice rule; /* optimizer_registry: sgd, nesterov, adam, ... */
    double learning_rate;
    double weight_decay;
    double clip_norm;      /* largest norm of a gradient; absent: any */
    bool scale_with_nodes; /* linear scaling: target rate = learning_rate x nodes */
    struct optimizer_schedule schedule;
};
extern const struct field optimizer_common_fields[];
extern const struct plugin_registry optimizer_registry;

/* The learning rate at a position of the clock that the algorithm reads, in epochs and in steps. */
double optimizer_rate(const struct optimizer_config *config, int64_t nodes, double epoch,
                      double step);

/* Numbers of one step, frozen when the step is recorded. */
struct optimizer_step {
    double rate;         /* learning rate */
    double weight_decay; /* times the `decay_at` vector: added to the gradient, or taken from x */
    int64_t index;       /* steps of this optimizer state before this one */
    double clip_norm; /* the gradient is scaled down to this norm before the rule; 0: it is not */
    /* For layer-wise rules, of the layer that the elements belong to: the backend fills them in. */
    double decay_at_norm, gradient_norm;
    bool excluded; /* a layer that is not scaled and does not decay: biases */
};

#define OPTIMIZER_MAX_STATES 2

struct optimizer_ops {
    struct plugin plugin;
    unsigned states; /* vectors of model size that each worker keeps (momentum: 1), zero at start */
    bool layerwise;  /* the kernel gets elements of one layer at a time, and that layer's norms */
    /*
     * One step on `count` consecutive elements: x, state[] updated in place; x_out receives the
     * new x (it may equal x); g is the gradient, decay_at the vector that weight decay reads (may
     * equal x).  All arrays are `real` of the kernel's precision.
     */
    void (*kernel32)(const void *params, const struct optimizer_step *step, size_t count,
                     const void *x, void *x_out, const void *g, const void *decay_at,
                     void *const state[]);
    void (*kernel64)(const void *params, const struct optimizer_step *step, size_t count,
                     const void *x, void *x_out, const void *g, const void *decay_at,
                     void *const state[]);
};

#endif
