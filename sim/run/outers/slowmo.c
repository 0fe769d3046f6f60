/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SlowMo: slow momentum over any base.
 *
 * Wang, Tantia, Ballas, Rabbat: SlowMo: Improving Communication-Efficient Distributed SGD with Slow
 * Momentum, ICLR 2020 (arXiv 1910.00643), algorithm 1; gamma is the inner learning rate:
 *
 *   u_{t+1}   = beta u_t + (x_{t,0} - x_{t,tau}) / gamma_t     (line 7)
 *   x_{t+1,0} = x_{t,0} - alpha gamma_t u_{t+1}                (line 8)
 *
 * gamma_t stays what it was at the begin of the outer loop: the schedule is read there only, as the
 * division assumes.  Where it is 0, u gets nothing.
 * Expected: with alpha 1 and beta 0 it is Local SGD, with tau 1 AR-SGD (tests/unit/test_outer.c).
 */
#include "run/outer.h"

struct slowmo_params {
    double alpha, beta;
};

static const struct field slowmo_fields[] = {
    FIELD_AT(struct slowmo_params, alpha, FIELD_REAL, "1", .min = 0, .max = 1e6,
             .help = "slow learning rate, a multiple of the inner one"),
    FIELD_AT(struct slowmo_params, beta, FIELD_REAL, "0.7", .min = 0, .max = 1,
             .help = "slow momentum"),
    FIELD_END,
};

static struct outer_rule slowmo_rule(const void *erased)
{
    const struct slowmo_params *params = erased;
    return (struct outer_rule){
        .active = true, .rate = params->alpha, .momentum = params->beta, .in_rates = true};
}

extern const struct outer_ops slowmo_ops;
const struct outer_ops slowmo_ops = {
    .plugin = {.name = "slowmo",
               .summary = "slow momentum on the workers' average, in units of the inner rate",
               .reference = "Wang, Tantia, Ballas, Rabbat (ICLR 2020)",
               .params = slowmo_fields,
               .params_size = sizeof(struct slowmo_params)},
    .rule = slowmo_rule,
};
