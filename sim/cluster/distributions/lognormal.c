/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lognormal, stated by mean m and coefficient of variation cv of the variate itself (not of its
 * logarithm): sigma^2 = ln(1 + cv^2), mu = ln m - sigma^2 / 2.
 */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct lognormal_params {
    double mean_s, cv;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct lognormal_params *p = params;
    const double variance = log1p(p->cv * p->cv);
    (void)state, (void)unit, (void)step;
    return p->mean_s * gsl_ran_lognormal(&rng->gsl, -variance / 2, sqrt(variance));
}

static double mean_s(const void *params, const void *state)
{
    const struct lognormal_params *p = params;
    (void)state;
    return p->mean_s;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct lognormal_params, mean_s, "mean", "\"100 ms\"", 0,
                      .help = "The mean time (of the variate, not of its logarithm)."),
    FIELD_AT(struct lognormal_params, cv, FIELD_REAL, "0.1", .min = 0, .max = 100,
             .help = "Coefficient of variation: standard deviation over mean."),
    FIELD_END,
};

const struct distribution_ops lognormal_distribution = {
    .plugin = {.name = "lognormal",
               .summary = "lognormal with a mean and a coefficient of variation",
               .params = fields,
               .params_size = sizeof(struct lognormal_params)},
    .draw = draw,
    .mean_s = mean_s,
};
