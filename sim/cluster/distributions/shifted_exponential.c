/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A constant plus an exponential: the least time a gradient can take and a random rest.  Lee et
 * al., "Speeding up distributed machine learning using codes", IEEE Trans. Inf. Theory 64 (2018).
 */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct shifted_exponential_params {
    double shift_s, mean_s;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct shifted_exponential_params *p = params;
    (void)state, (void)unit, (void)step;
    return p->shift_s + gsl_ran_exponential(&rng->gsl, p->mean_s);
}

static double mean_s(const void *params, const void *state)
{
    const struct shifted_exponential_params *p = params;
    (void)state;
    return p->shift_s + p->mean_s;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct shifted_exponential_params, shift_s, "shift", NULL, 0,
                      .help = "The least time; it is added to every draw."),
    DISTRIBUTION_TIME(struct shifted_exponential_params, mean_s, "mean", NULL, 0,
                      .help = "The mean of the exponential part alone."),
    FIELD_END,
};

const struct distribution_ops shifted_exponential_distribution = {
    .plugin = {.name = "shifted-exponential",
               .summary = "a least time plus a memoryless rest",
               .reference = "Lee et al., IEEE Trans. Inf. Theory 64 (2018)",
               .params = fields,
               .params_size = sizeof(struct shifted_exponential_params)},
    .draw = draw,
    .mean_s = mean_s,
};
