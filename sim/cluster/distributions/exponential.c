/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exponential: memoryless times, the assumption of most straggler theory. */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct exponential_params {
    double mean_s;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct exponential_params *p = params;
    (void)state, (void)unit, (void)step;
    return gsl_ran_exponential(&rng->gsl, p->mean_s);
}

static double mean_s(const void *params, const void *state)
{
    const struct exponential_params *p = params;
    (void)state;
    return p->mean_s;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct exponential_params, mean_s, "mean", "\"100 ms\"", 0,
                      .help = "The mean time (and its standard deviation)."),
    FIELD_END,
};

const struct distribution_ops exponential_distribution = {
    .plugin = {.name = "exponential",
               .summary = "memoryless times",
               .params = fields,
               .params_size = sizeof(struct exponential_params)},
    .draw = draw,
    .mean_s = mean_s,
};
