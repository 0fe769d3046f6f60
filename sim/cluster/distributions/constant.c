/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every gradient takes the same time. */
#include "cluster/distributions/distribution.h"

struct constant_params {
    double mean_s;
};

static double draw(const void *params, const void *state, struct rng *rng, uint32_t unit,
                   int64_t step)
{
    const struct constant_params *p = params;
    (void)state, (void)rng, (void)unit, (void)step;
    return p->mean_s;
}

static double mean_s(const void *params, const void *state)
{
    const struct constant_params *p = params;
    (void)state;
    return p->mean_s;
}

static const struct field fields[] = {
    DISTRIBUTION_TIME(struct constant_params, mean_s, "mean", "\"100 ms\"", 0,
                      .help = "The time that every gradient takes."),
    FIELD_END,
};

const struct distribution_ops constant_distribution = {
    .plugin = {.name = "constant",
               .summary = "the same time always",
               .params = fields,
               .params_size = sizeof(struct constant_params)},
    .draw = draw,
    .mean_s = mean_s,
};
