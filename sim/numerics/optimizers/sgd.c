/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stochastic gradient descent with coupled L2 weight decay (torch.optim.SGD without momentum):
 *
 *   d = g + lambda w      w: the vector that decay reads, x itself unless an algorithm differs
 *   x <- x - rate d
 */
#include "numerics/optimizers/kernel.h"

OPTIMIZER_KERNEL(sgd_kernel32);
OPTIMIZER_KERNEL(sgd_kernel64);

static REAL_CLONES void sgd_plain(size_t count, const real *x, real *out, const real *g, real rate)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        out[i] = x[i] - rate * g[i];
}

static REAL_CLONES void sgd_decayed(size_t count, const real *x, real *out, const real *g,
                                    const real *w, real rate, real decay)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++)
        out[i] = x[i] - rate * (g[i] + decay * w[i]);
}

OPTIMIZER_KERNEL(REAL_NAME(sgd_kernel))
{
    (void)params;
    (void)state;
    if (step->weight_decay == 0)
        sgd_plain(count, x, x_out, g, (real)step->rate);
    else
        sgd_decayed(count, x, x_out, g, decay_at, (real)step->rate, (real)step->weight_decay);
}

#if REAL_BITS == 64
extern const struct optimizer_ops sgd_ops;
const struct optimizer_ops sgd_ops = {
    .plugin = {.name = "sgd",
               .summary = "stochastic gradient descent",
               .reference = "H. Robbins and S. Monro, A Stochastic Approximation Method, 1951"},
    .states = 0,
    .kernel32 = sgd_kernel32,
    .kernel64 = sgd_kernel64,
};
#endif
