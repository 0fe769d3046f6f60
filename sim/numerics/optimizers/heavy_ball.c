/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Heavy-ball momentum in PyTorch's form (torch.optim.SGD, dampening 0): the rate stands outside of
 * the buffer, so a change of rate acts at once on all that the buffer holds.
 *
 *   d = g + lambda w      w: the vector that decay reads
 *   m <- mu m + d
 *   x <- x - rate m
 */
#include "numerics/optimizers/kernel.h"

OPTIMIZER_KERNEL(heavy_ball_kernel32);
OPTIMIZER_KERNEL(heavy_ball_kernel64);

static REAL_CLONES void heavy_ball_plain(size_t count, const real *x, real *out, const real *g,
                                         real *m, real rate, real momentum)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real buffer = momentum * m[i] + g[i];
        m[i] = buffer;
        out[i] = x[i] - rate * buffer;
    }
}

static REAL_CLONES void heavy_ball_decayed(size_t count, const real *x, real *out, const real *g,
                                           const real *w, real *m, real rate, real momentum,
                                           real decay)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real buffer = momentum * m[i] + (g[i] + decay * w[i]);
        m[i] = buffer;
        out[i] = x[i] - rate * buffer;
    }
}

OPTIMIZER_KERNEL(REAL_NAME(heavy_ball_kernel))
{
    real momentum = (real)((const struct momentum_params *)params)->momentum;
    if (step->weight_decay == 0)
        heavy_ball_plain(count, x, x_out, g, state[0], (real)step->rate, momentum);
    else
        heavy_ball_decayed(count, x, x_out, g, decay_at, state[0], (real)step->rate, momentum,
                           (real)step->weight_decay);
}

#if REAL_BITS == 64
static const struct field heavy_ball_fields[] = {
    FIELD_AT(struct momentum_params, momentum, FIELD_REAL, "0.9", .min = 0, .max = 1,
             .help = "share of the momentum buffer that stays from step to step"),
    FIELD_END,
};

extern const struct optimizer_ops heavy_ball_ops;
const struct optimizer_ops heavy_ball_ops = {
    .plugin =
        {.name = "heavy-ball",
         .summary = "gradient descent with Polyak's momentum",
         .reference =
             "B. T. Polyak, Some Methods of Speeding up the Convergence of Iteration Methods, 1964",
         .params = heavy_ball_fields,
         .params_size = sizeof(struct momentum_params)},
    .states = 1,
    .kernel32 = heavy_ball_kernel32,
    .kernel64 = heavy_ball_kernel64,
};
#endif
