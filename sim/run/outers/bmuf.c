/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BMUF: block-wise model update filtering.
 *
 * Chen, Huo: Scalable Training of Deep Learning Machines by Incremental Block Training with
 * Intra-block Parallel Optimization and Blockwise Model-Update Filtering, ICASSP 2016.  With block
 * momentum eta, block learning rate zeta and the average a of the workers:
 *
 *   Delta <- eta Delta + zeta (a - x)
 *   x     <- x + Delta
 *
 * or, nesterov (their NBM), the workers go on from x + eta Delta.  That form is written here as
 * PyTorch writes Nesterov's momentum: in the point that the workers start from, which is the same
 * sequence.  Equal to SlowMo while the learning rate is constant.
 * Expected: tests/unit/test_outer.c.
 */
#include "run/outer.h"

struct bmuf_params {
    double block_momentum, block_rate;
    bool nesterov;
};

static const struct field bmuf_fields[] = {
    FIELD_AT(struct bmuf_params, block_momentum, FIELD_REAL, "0.9", .min = 0, .max = 1,
             .help = "eta: share of the last block's update that goes on"),
    FIELD_AT(struct bmuf_params, block_rate, FIELD_REAL, "1", .min = 0, .max = 1e6,
             .help = "zeta: share of this block's update that is taken"),
    FIELD_AT(struct bmuf_params, nesterov, FIELD_BOOL, "false",
             .help = "the workers go on from where the momentum leads"),
    FIELD_END,
};

static struct outer_rule bmuf_rule(const void *erased)
{
    const struct bmuf_params *params = erased;
    return (struct outer_rule){.active = true,
                               .rate = params->block_rate,
                               .momentum = params->block_momentum,
                               .nesterov = params->nesterov};
}

extern const struct outer_ops bmuf_ops;
const struct outer_ops bmuf_ops = {
    .plugin = {.name = "bmuf",
               .summary = "block momentum on the workers' average",
               .reference = "Chen, Huo (ICASSP 2016)",
               .params = bmuf_fields,
               .params_size = sizeof(struct bmuf_params)},
    .rule = bmuf_rule,
};
