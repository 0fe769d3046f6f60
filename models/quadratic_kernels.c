/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gradient and value of the quadratic (compiled once per precision; computed in double and rounded
 * once).  Equations: quadratic.h.
 */
#include <gsl/gsl_randist.h>
#include <math.h>

#include "core/rng.h"
#include "models/quadratic.h"
#include "numerics/real.h"

static size_t workspace_bytes(const void *context, uint32_t batch)
{
    const struct quadratic *q = context;

    (void)batch;
    return q->dimension * sizeof(double);
}

/* y = H (x - c): the error in A's own axes. */
static void rotated_error(const struct quadratic *q, const real *x, double *y)
{
    for (size_t j = 0; j < q->dimension; j++)
        y[j] = (double)x[j] - q->centre[j];
    quadratic_reflect(q, y);
}

static void add_noise(const struct quadratic *q, const struct objective_batch *batch, double *y)
{
    double samples = batch->count > 0 ? batch->count : 1;
    double deviation = q->sigma / sqrt((double)q->dimension * samples);
    struct rng rng;
    gsl_rng *r = rng_open(&rng, q->seed_noise, RNG_NOISE, 0, batch->node, (uint64_t)batch->step);

    for (size_t j = 0; j < q->dimension; j++)
        y[j] += gsl_ran_gaussian_ziggurat(r, deviation);
}

static void gradient(const void *context, const struct objective_batch *batch, const void *x,
                     void *g, void *workspace)
{
    const struct quadratic *q = context;
    double *y = workspace;
    real *out = g;

    rotated_error(q, x, y);
    for (size_t j = 0; j < q->dimension; j++)
        y[j] *= q->lambda[j];
    quadratic_reflect(q, y);
    if (q->shifts != NULL && batch->node != OBJECTIVE_POOLED)
        for (size_t j = 0; j < q->dimension; j++)
            y[j] -= q->shifts[batch->node * q->dimension + j];
    if (q->sigma > 0 && batch->step != OBJECTIVE_NOISELESS)
        add_noise(q, batch, y);
    for (size_t j = 0; j < q->dimension; j++)
        out[j] = (real)y[j];
}

/* f_i(x) = (1/2) e'Ae - e . zeta v_i + offset_i with e = x - c; the mean has no middle term. */
static void evaluate(const void *context, const struct objective_query *query, const void *x,
                     struct objective_value *value, void *workspace)
{
    const struct quadratic *q = context;
    const real *at = x;
    double *y = workspace, sum = 0;

    rotated_error(q, x, y);
    for (size_t j = 0; j < q->dimension; j++)
        sum += q->lambda[j] * y[j] * y[j] / 2;
    if (q->shifts != NULL && query->node >= 0) {
        const double *shift = q->shifts + (size_t)query->node * q->dimension;

        for (size_t j = 0; j < q->dimension; j++)
            sum -= ((double)at[j] - q->centre[j]) * shift[j];
        sum += q->offsets[query->node];
    } else {
        sum += q->offset;
    }
    *value = (struct objective_value){.loss_sum = sum, .correct = -1, .count = 1};
}

const struct objective_ops REAL_NAME(quadratic_kernels) = {
    .workspace_bytes = workspace_bytes,
    .gradient = gradient,
    .evaluate = evaluate,
};
