/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Weibull with P(X > x) = exp(-(x / scale)^shape), mean scale Gamma(1 + 1/shape).  Either the scale
 * or the mean is given.
 */
#include <gsl/gsl_randist.h>

#include "cluster/distributions/distribution.h"

struct weibull_params {
    double shape;
    double scale_s, mean_s; /* one of the two is NaN */
};

static enum status create(const void *params, void **state, struct error *error)
{
    const struct weibull_params *p = params;
    (void)state;
    if (field_real_absent(p->scale_s) && field_real_absent(p->mean_s))
        return status_fail_at(error, "scale", "found neither scale nor mean; expected one of them");
    if (!field_real_absent(p->scale_s) && !field_real_absent(p->mean_s))
        return status_fail_at(error, "mean",
                              "found both scale and mean; expected only one of them");
    return STATUS_OK;
}

static double unit_mean(const struct weibull_params *p)
{
    return tgamma(1 + 1 / p->shape);
}

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct weibull_params *p = params;
    const double scale_s = field_real_absent(p->scale_s) ? p->mean_s / unit_mean(p) : p->scale_s;
    (void)state, (void)unit, (void)step;
    return gsl_ran_weibull(&rng->gsl, scale_s, p->shape);
}

static double mean_s(const void *params, const void *state)
{
    const struct weibull_params *p = params;
    (void)state;
    return field_real_absent(p->mean_s) ? p->scale_s * unit_mean(p) : p->mean_s;
}

static const struct field fields[] = {
    FIELD_AT(struct weibull_params, shape, FIELD_REAL, NULL, .min = 0.1, .max = 1000,
             .help = "Shape; below 1 the tail is heavier than an exponential's."),
    DISTRIBUTION_TIME(struct weibull_params, scale_s, "scale", "null", 0,
                      .help = "Scale, the 63.2 % quantile; give this or mean."),
    DISTRIBUTION_TIME(struct weibull_params, mean_s, "mean", "null", 0,
                      .help = "The mean time; give this or scale."),
    FIELD_END,
};

const struct distribution_ops weibull_distribution = {
    .plugin = {.name = "weibull",
               .summary = "Weibull with a shape and a scale or mean",
               .params = fields,
               .params_size = sizeof(struct weibull_params)},
    .create = create,
    .draw = draw,
    .mean_s = mean_s,
};
