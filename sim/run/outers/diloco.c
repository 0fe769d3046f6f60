/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DiLoCo: distributed low-communication training.
 *
 * Douillard et al.: DiLoCo: Distributed Low-Communication Training of Language Models, 2023 (arXiv
 * 2311.08105), algorithm 1: AdamW inside, Nesterov's momentum outside, on the outer gradient
 * D = x - (average of the workers), with a learning rate of its own (their best: 0.7, momentum
 * 0.9); Nesterov as torch.optim.SGD has it:
 *
 *   u <- beta u + D
 *   x <- x - lr (D + beta u)
 *
 * The inner optimizer is the scenario's "optimizer"; its moments stay with each worker (buffers
 * "maintain").
 * Expected: AdamW and this against a dense loop (tests/unit/test_outer.c).
 */
#include "run/outer.h"

struct diloco_params {
    double learning_rate, momentum;
    bool nesterov;
};

static const struct field diloco_fields[] = {
    FIELD_AT(struct diloco_params, learning_rate, FIELD_REAL, "0.7", .min = 0, .max = 1e6,
             .help = "of the outer optimizer; inner rates and schedules do not enter it"),
    FIELD_AT(struct diloco_params, momentum, FIELD_REAL, "0.9", .min = 0, .max = 1,
             .help = "of the outer optimizer"),
    FIELD_AT(struct diloco_params, nesterov, FIELD_BOOL, "true",
             .help = "Nesterov's momentum; false: heavy ball"),
    FIELD_END,
};

static struct outer_rule diloco_rule(const void *erased)
{
    const struct diloco_params *params = erased;
    return (struct outer_rule){.active = true,
                               .rate = params->learning_rate,
                               .momentum = params->momentum,
                               .nesterov = params->nesterov};
}

extern const struct outer_ops diloco_ops;
const struct outer_ops diloco_ops = {
    .plugin = {.name = "diloco",
               .summary = "an outer Nesterov step on the difference that the workers made",
               .reference = "Douillard et al. (2023)",
               .params = diloco_fields,
               .params_size = sizeof(struct diloco_params)},
    .rule = diloco_rule,
};
