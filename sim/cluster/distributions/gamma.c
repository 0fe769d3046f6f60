/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gamma, stated by its mean and its coefficient of variation: shape 1/cv^2, scale mean cv^2.  cv =
 * 1 is the exponential, cv = 0 the constant.
 */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct gamma_params {
    double mean_s, cv;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct gamma_params *p = params;
    const double square = p->cv * p->cv;
    (void)state, (void)unit, (void)step;
    return square > 0 ? gsl_ran_gamma(&rng->gsl, 1 / square, p->mean_s * square) : p->mean_s;
}

static double mean_s(const void *params, const void *state)
{
    const struct gamma_params *p = params;
    (void)state;
    return p->mean_s;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct gamma_params, mean_s, "mean", "\"100 ms\"", 0,
                      .help = "The mean time."),
    FIELD_AT(struct gamma_params, cv, FIELD_REAL, "0.1", .min = 0, .max = 100,
             .help = "Coefficient of variation: standard deviation over mean."),
    FIELD_END,
};

const struct distribution_ops gamma_distribution = {
    .plugin = {.name = "gamma",
               .summary = "gamma with a mean and a coefficient of variation",
               .params = fields,
               .params_size = sizeof(struct gamma_params)},
    .draw = draw,
    .mean_s = mean_s,
};
