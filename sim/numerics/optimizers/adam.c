/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1) as torch.optim.Adam has it: L2 weight decay
 * coupled to the gradient, epsilon outside of the square root and not corrected for the bias; and
 * AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2) as torch.optim.AdamW has it: the
 * decay, times the rate, acts on x alone.  Step k counts from 1.
 *
 *   d = g + lambda w                      w: the vector that decay reads
 *   m <- beta1 m + (1 - beta1) d
 *   v <- beta2 v + (1 - beta2) d^2
 *   x <- x - rate / (1 - beta1^k) m / (sqrt(v) / sqrt(1 - beta2^k) + eps)
 *
 * AdamW: d = g, and rate lambda w is taken from x first.
 */
#include <float.h>
#include <math.h>

#include "numerics/optimizers/kernel.h"

OPTIMIZER_KERNEL(adam_kernel32);
OPTIMIZER_KERNEL(adam_kernel64);
OPTIMIZER_KERNEL(adam_kernel_decoupled32);
OPTIMIZER_KERNEL(adam_kernel_decoupled64);

struct adam_params {
    double beta1, beta2, eps;
};

/* What the loops need of a step, in its precision. */
struct adam_numbers {
    real keep1, take1, keep2, take2, length, correction, eps, decay;
};

static struct adam_numbers adam_numbers(const struct adam_params *params,
                                        const struct optimizer_step *step)
{
    double k = (double)step->index + 1;
    return (struct adam_numbers){
        .keep1 = (real)params->beta1,
        .take1 = (real)(1 - params->beta1),
        .keep2 = (real)params->beta2,
        .take2 = (real)(1 - params->beta2),
        .length = (real)(step->rate / (1 - pow(params->beta1, k))),
        .correction = (real)sqrt(1 - pow(params->beta2, k)),
        .eps = (real)params->eps,
    };
}

static REAL_CLONES void adam_coupled(size_t count, const real *x, real *out, const real *g,
                                     const real *w, real *m, real *v,
                                     const struct adam_numbers *step)
{
    const struct adam_numbers s = *step;
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real d = g[i] + s.decay * w[i];
        real first = s.keep1 * m[i] + s.take1 * d;
        real second = s.keep2 * v[i] + s.take2 * (d * d);
        m[i] = first;
        v[i] = second;
        out[i] = x[i] - s.length * (first / (REAL_MATH(sqrt)(second) / s.correction + s.eps));
    }
}

static REAL_CLONES void adam_decoupled(size_t count, const real *x, real *out, const real *g,
                                       const real *w, real *m, real *v,
                                       const struct adam_numbers *step)
{
    const struct adam_numbers s = *step;
#pragma GCC ivdep
    for (size_t i = 0; i < count; i++) {
        real first = s.keep1 * m[i] + s.take1 * g[i];
        real second = s.keep2 * v[i] + s.take2 * (g[i] * g[i]);
        real decayed = x[i] - s.decay * w[i];
        m[i] = first;
        v[i] = second;
        out[i] = decayed - s.length * (first / (REAL_MATH(sqrt)(second) / s.correction + s.eps));
    }
}

OPTIMIZER_KERNEL(REAL_NAME(adam_kernel))
{
    struct adam_numbers numbers = adam_numbers(params, step);
    numbers.decay = (real)step->weight_decay;
    adam_coupled(count, x, x_out, g, decay_at, state[0], state[1], &numbers);
}

OPTIMIZER_KERNEL(REAL_NAME(adam_kernel_decoupled))
{
    struct adam_numbers numbers = adam_numbers(params, step);
    numbers.decay = (real)(step->rate * step->weight_decay);
    adam_decoupled(count, x, x_out, g, decay_at, state[0], state[1], &numbers);
}

#if REAL_BITS == 64
#define ADAM_MAX_BETA (1 - DBL_EPSILON) /* at 1 the bias has no correction */

static const struct field adam_fields[] = {
    FIELD_AT(struct adam_params, beta1, FIELD_REAL, "0.9", .min = 0, .max = ADAM_MAX_BETA,
             .help = "share of the mean of gradients that stays from step to step"),
    FIELD_AT(struct adam_params, beta2, FIELD_REAL, "0.999", .min = 0, .max = ADAM_MAX_BETA,
             .help = "share of the mean of squared gradients that stays from step to step"),
    FIELD_AT(struct adam_params, eps, FIELD_REAL, "1e-8", .min = FIELD_POSITIVE, .max = DBL_MAX,
             .help = "added to the root of the mean square before it divides"),
    FIELD_END,
};

extern const struct optimizer_ops adam_ops;
const struct optimizer_ops adam_ops = {
    .plugin = {.name = "adam",
               .summary = "moments of the gradient adapt each parameter's step",
               .reference = "D. P. Kingma and J. Ba, Adam: A Method for Stochastic Optimization, "
                            "ICLR 2015, arXiv:1412.6980",
               .params = adam_fields,
               .params_size = sizeof(struct adam_params)},
    .states = 2,
    .kernel32 = adam_kernel32,
    .kernel64 = adam_kernel64,
};

extern const struct optimizer_ops adam_decoupled_ops;
const struct optimizer_ops adam_decoupled_ops = {
    .plugin = {.name = "adamw",
               .summary = "adam with weight decay decoupled from the gradient",
               .reference = "I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, "
                            "ICLR 2019, arXiv:1711.05101",
               .params = adam_fields,
               .params_size = sizeof(struct adam_params)},
    .states = 2,
    .kernel32 = adam_kernel_decoupled32,
    .kernel64 = adam_kernel_decoupled64,
};
#endif
