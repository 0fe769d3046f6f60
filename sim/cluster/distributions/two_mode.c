/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mostly fast, with a probability slow: the simplest model of transient interference. */
#include "cluster/distributions/distribution.h"

struct two_mode_params {
    double fast_s, slow_s, probability;
};

static enum status create(const void *params, void **state, struct error *error)
{
    const struct two_mode_params *p = params;
    (void)state;
    if (p->slow_s < p->fast_s)
        return status_fail_at(error, "slow",
                              "found %.9g s, which is below fast (%.9g s); expected slow >= fast",
                              p->slow_s, p->fast_s);
    return STATUS_OK;
}

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct two_mode_params *p = params;
    (void)state, (void)unit, (void)step;
    return rng_uniform(rng) < p->probability ? p->slow_s : p->fast_s;
}

static double mean_s(const void *params, const void *state)
{
    const struct two_mode_params *p = params;
    (void)state;
    return p->fast_s + p->probability * (p->slow_s - p->fast_s);
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct two_mode_params, fast_s, "fast", NULL, 0, .help = "The usual time."),
    DISTRIBUTION_TIME(struct two_mode_params, slow_s, "slow", NULL, 0, .help = "The slow time."),
    FIELD_AT(struct two_mode_params, probability, FIELD_REAL, NULL, .min = 0, .max = 1,
             .help = "Probability that a gradient takes the slow time."),
    FIELD_END,
};

const struct distribution_ops two_mode_distribution = {
    .plugin = {.name = "two-mode",
               .summary = "fast, or with a probability slow",
               .params = fields,
               .params_size = sizeof(struct two_mode_params)},
    .create = create,
    .draw = draw,
    .mean_s = mean_s,
};
