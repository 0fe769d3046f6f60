/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of the tests' own: small, and with every type of field. */
#ifndef HEARSAY_TESTS_UNIT_SCENARIO_SUPPORT_H
#define HEARSAY_TESTS_UNIT_SCENARIO_SUPPORT_H

#include "scenario/scenario_table.h"

struct gossip_params {
    int64_t overlap;
    bool residual;
    double gamma;
    const char *graph;
};

struct time_params {
    double mean, cv;
};
extern const struct plugin scenario_support_gossip, scenario_support_allreduce,
    scenario_support_lognormal, scenario_support_gamma_time, scenario_support_plain,
    scenario_support_nesterov;
extern const struct field scenario_support_fields[];

/* "x.json" over this table; NULL when it is refused. */
struct scenario *scenario_support_parse(const char *text, const char *const *overrides,
                                        size_t count, struct error *error);

#endif
