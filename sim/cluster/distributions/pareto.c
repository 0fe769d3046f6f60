/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pareto: P(X > x) = (scale / x)^shape for x >= scale.  The mean is infinite for shape <= 1, the
 * variance for shape <= 2.
 */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct pareto_params {
    double scale_s, shape;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct pareto_params *p = params;
    (void)state, (void)unit, (void)step;
    return gsl_ran_pareto(&rng->gsl, p->shape, p->scale_s);
}

static double mean_s(const void *params, const void *state)
{
    const struct pareto_params *p = params;
    (void)state;
    return p->shape > 1 ? p->scale_s * p->shape / (p->shape - 1) : INFINITY;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct pareto_params, scale_s, "scale", NULL, 0, .help = "The least time."),
    FIELD_AT(struct pareto_params, shape, FIELD_REAL, NULL, .min = 0.1, .max = 1000,
             .help = "Tail exponent; at most 1 the mean is infinite, at most 2 the variance."),
    FIELD_END,
};

const struct distribution_ops pareto_distribution = {
    .plugin = {.name = "pareto",
               .summary = "a power-law tail above a least time",
               .params = fields,
               .params_size = sizeof(struct pareto_params)},
    .draw = draw,
    .mean_s = mean_s,
};
