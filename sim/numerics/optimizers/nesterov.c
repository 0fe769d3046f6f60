/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nesterov momentum in PyTorch's form (torch.optim.SGD with nesterov, dampening 0), which is that
 * of Sutskever et al. with the parameters taken at the look-ahead point and the rate outside of the
 * buffer.
 *
 *   d = g + lambda w      w: the vector that decay reads
 *   m <- mu m + d
 *   x <- x - rate (d + mu m)
 */
#include "numerics/optimizers/kernel.h"

OPTIMIZER_KERNEL(nesterov_kernel32);
OPTIMIZER_KERNEL(nesterov_kernel64);

static REAL_CLONES void nesterov_plain(size_t count, const real *x, real *out, const real *g,
                                       real *m, real rate, real momentum)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real buffer = momentum * m[i] + g[i];
        m[i] = buffer;
        out[i] = x[i] - rate * (g[i] + momentum * buffer);
    }
}

static REAL_CLONES void nesterov_decayed(size_t count, const real *x, real *out, const real *g,
                                         const real *w, real *m, real rate, real momentum,
                                         real decay)
{
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real d = g[i] + decay * w[i];
        real buffer = momentum * m[i] + d;
        m[i] = buffer;
        out[i] = x[i] - rate * (d + momentum * buffer);
    }
}

OPTIMIZER_KERNEL(REAL_NAME(nesterov_kernel))
{
    real momentum = (real)((const struct momentum_params *)params)->momentum;
    if (step->weight_decay == 0)
        nesterov_plain(count, x, x_out, g, state[0], (real)step->rate, momentum);
    else
        nesterov_decayed(count, x, x_out, g, decay_at, state[0], (real)step->rate, momentum,
                         (real)step->weight_decay);
}

#if REAL_BITS == 64
static const struct field nesterov_fields[] = {
    FIELD_AT(struct momentum_params, momentum, FIELD_REAL, "0.9", .min = 0, .max = 1,
             .help = "share of the momentum buffer that stays from step to step"),
    FIELD_END,
};

extern const struct optimizer_ops nesterov_ops;
const struct optimizer_ops nesterov_ops = {
    .plugin = {.name = "nesterov",
               .summary = "gradient descent with Nesterov's momentum",
               .reference = "I. Sutskever et al., On the Importance of Initialization and Momentum "
                            "in Deep Learning, ICML 2013",
               .params = nesterov_fields,
               .params_size = sizeof(struct momentum_params)},
    .states = 1,
    .kernel32 = nesterov_kernel32,
    .kernel64 = nesterov_kernel64,
};
#endif
