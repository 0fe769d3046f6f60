/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lookahead: k steps forward, 1 step back.
 *
 * Zhang, Lucas, Hinton, Ba: Lookahead Optimizer: k steps forward, 1 step back, NeurIPS 2019 (arXiv
 * 1907.08610), algorithm 1, of one worker; of several, on their average (average: true) or each on
 * its own:
 *
 *   phi <- phi + alpha (theta_k - phi);  theta_0 <- phi
 *
 * Expected: the plain sequential loop (tests/unit/test_outer.c).
 */
#include "run/outer.h"

struct lookahead_params {
    double alpha;
};

static const struct field lookahead_fields[] = {
    FIELD_AT(struct lookahead_params, alpha, FIELD_REAL, "0.5", .min = 0, .max = 1,
             .help = "how far the slow weights go towards the fast ones"),
    FIELD_END,
};

static struct outer_rule lookahead_rule(const void *erased)
{
    const struct lookahead_params *params = erased;
    return (struct outer_rule){.active = true, .rate = params->alpha};
}

extern const struct outer_ops lookahead_ops;
const struct outer_ops lookahead_ops = {
    .plugin = {.name = "lookahead",
               .summary = "slow weights that follow the fast ones part of the way",
               .reference = "Zhang, Lucas, Hinton, Ba (NeurIPS 2019)",
               .params = lookahead_fields,
               .params_size = sizeof(struct lookahead_params)},
    .rule = lookahead_rule,
};
