/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layer-wise adaptive rate scaling (LARS; You, Gitman, Ginsburg, arXiv:1708.03888, algorithm 1).
 * For each layer of the model, with w the part of the vector that decay reads and g the gradient's:
 *
 *   local = trust |w| / (|g| + lambda |w|)
 *   m <- mu m + rate local (g + lambda w)      the rate inside of the buffer
 *   x <- x - m
 *
 * Two things that the paper leaves open are as in later implementations: a layer where |w| or |g|
 * is 0 has local = 1 (a weight that starts at 0 could never leave it), and biases are excluded:
 * local = 1 and lambda = 0.  exclude_biases false takes them as layers of their own.
 */
#include "numerics/optimizers/kernel.h"

OPTIMIZER_KERNEL(lars_kernel32);
OPTIMIZER_KERNEL(lars_kernel64);

struct lars_params {
    double momentum, trust;
    bool exclude_biases;
};

static double lars_local(const struct lars_params *params, const struct optimizer_step *step)
{
    double w = step->decay_at_norm, g = step->gradient_norm;
    if (w == 0 || g == 0)
        return 1;
    return params->trust * w / (g + step->weight_decay * w);
}

static REAL_CLONES void lars_loop(size_t count, const real *x, real *out, const real *g,
                                  const real *w, real *m, real rate, real momentum, real decay)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real buffer = momentum * m[i] + rate * (g[i] + decay * w[i]);
        m[i] = buffer;
        out[i] = x[i] - buffer;
    }
}

OPTIMIZER_KERNEL(REAL_NAME(lars_kernel))
{
    const struct lars_params *lars = params;
    bool plain = step->excluded && lars->exclude_biases;
    double local = plain ? 1 : lars_local(lars, step);
    lars_loop(count, x, x_out, g, decay_at, state[0], (real)(step->rate * local),
              (real)lars->momentum, plain ? 0 : (real)step->weight_decay);
}

#if REAL_BITS == 64
static const struct field lars_fields[] = {
    FIELD_AT(struct lars_params, momentum, FIELD_REAL, "0.9", .min = 0, .max = 1,
             .help = "share of the momentum buffer that stays from step to step"),
    FIELD_AT(struct lars_params, trust, FIELD_REAL, "0.001", .min = FIELD_POSITIVE, .max = DBL_MAX,
             .help = "the paper's eta: a layer moves by this share of its norm at rate 1"),
    FIELD_AT(struct lars_params, exclude_biases, FIELD_BOOL, "true",
             .help = "biases take the plain rate and do not decay"),
    FIELD_END,
};

extern const struct optimizer_ops lars_ops;
const struct optimizer_ops lars_ops = {
    .plugin = {.name = "lars",
               .summary = "momentum with a rate for each layer: its norm over its gradient's",
               .reference = "Y. You, I. Gitman and B. Ginsburg, Large Batch Training of "
                            "Convolutional Networks, 2017, arXiv:1708.03888",
               .params = lars_fields,
               .params_size = sizeof(struct lars_params)},
    .states = 1,
    .layerwise = true,
    .kernel32 = lars_kernel32,
    .kernel64 = lars_kernel64,
};
#endif
