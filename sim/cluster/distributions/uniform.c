/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uniform on [min, max). */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct uniform_params {
    double min_s, max_s;
};

static enum status create(const void *params, void **state, struct error *error)
{
    const struct uniform_params *p = params;
    (void)state;
    if (p->max_s < p->min_s)
        return status_fail_at(error, "max",
                              "found %.9g s, which is below min (%.9g s); expected max >= min",
                              p->max_s, p->min_s);
    return STATUS_OK;
}

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct uniform_params *p = params;
    (void)state, (void)unit, (void)step;
    return gsl_ran_flat(&rng->gsl, p->min_s, p->max_s);
}

static double mean_s(const void *params, const void *state)
{
    const struct uniform_params *p = params;
    (void)state;
    return (p->min_s + p->max_s) / 2;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct uniform_params, min_s, "min", NULL, 0, .help = "The shortest time."),
    DISTRIBUTION_TIME(struct uniform_params, max_s, "max", NULL, 0, .help = "The longest time."),
    FIELD_END,
};

const struct distribution_ops uniform_distribution = {
    .plugin = {.name = "uniform",
               .summary = "every time between min and max is equally likely",
               .params = fields,
               .params_size = sizeof(struct uniform_params)},
    .create = create,
    .draw = draw,
    .mean_s = mean_s,
};
